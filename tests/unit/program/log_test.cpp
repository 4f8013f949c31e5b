#include "shared/log/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/log/log_line.h"
#include "shared/os/file_descriptor.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unread_pipe.h"

namespace orders::log {
namespace {

using namespace std::string_literals;

const UtcTime noon(std::chrono::milliseconds(1'795'352'645'678));

std::string text_line(Level level, std::string_view event, std::initializer_list<Field> fields) {
    return format_line(Format::text, noon, level, event, {fields.begin(), fields.size()});
}

nlohmann::json json_line(std::string_view event, std::initializer_list<Field> fields) {
    return nlohmann::json::parse(
        format_line(Format::json, noon, Level::info, event, {fields.begin(), fields.size()}));
}

// Sends standard error to a file while it lives. The log's settings are back afterwards.
class CapturedStandardError {
   public:
    CapturedStandardError() : file_(std::tmpfile()), original_(::dup(STDERR_FILENO)) {
        REQUIRE(file_ != nullptr);
        REQUIRE(::dup2(::fileno(file_), STDERR_FILENO) >= 0);
    }
    ~CapturedStandardError() {
        ::dup2(original_, STDERR_FILENO);
        ::close(original_);
        std::fclose(file_);
        configure(Level::info, Format::text);
    }
    CapturedStandardError(const CapturedStandardError&) = delete;
    CapturedStandardError& operator=(const CapturedStandardError&) = delete;

    // Reads what the descriptor holds, past any buffer: what is not flushed is not seen.
    [[nodiscard]] std::vector<std::string> lines() const {
        std::string content;
        std::array<char, 4096> part{};
        ssize_t count = 0;
        while ((count = ::pread(::fileno(file_), part.data(), part.size(),
                                static_cast<off_t>(content.size()))) > 0) {
            content.append(part.data(), static_cast<std::size_t>(count));
        }
        std::vector<std::string> result;
        std::istringstream stream(content);
        for (std::string line; std::getline(stream, line);) result.push_back(line);
        return result;
    }

   private:
    std::FILE* file_;
    int original_;
};

TEST_CASE("log: a text line holds time, level, event and fields in the order given") {
    CHECK(text_line(Level::info, "listening", {{"port", 41234}, {"host", "127.0.0.1"}}) ==
          "2026-11-22T13:04:05.678Z info  listening port=41234 host=127.0.0.1");
    CHECK(text_line(Level::debug, "a", {}) == "2026-11-22T13:04:05.678Z debug a");
    CHECK(text_line(Level::warn, "a", {}) == "2026-11-22T13:04:05.678Z warn  a");
    CHECK(text_line(Level::error, "lease lost", {}) == "2026-11-22T13:04:05.678Z error lease lost");
}

TEST_CASE("log: a field without a value is left out") {
    const std::optional<std::string_view> none;
    const std::optional<std::string_view> some = "b";
    CHECK(text_line(Level::error, "e", {{"x", none}, {"a", some}, {"y", none}}) ==
          "2026-11-22T13:04:05.678Z error e a=b");
    const nlohmann::json json = json_line("e", {{"x", none}, {"a", some}});
    CHECK(json["a"] == "b");
    CHECK_FALSE(json.contains("x"));
}

TEST_CASE("log: numbers and truth values are written as such in a text line") {
    const std::string line = text_line(Level::info, "x",
                                       {{"yes", true},
                                        {"no", false},
                                        {"negative", -7},
                                        {"half", 2.5},
                                        {"largest", std::numeric_limits<std::int64_t>::max()},
                                        {"size", 3UL},
                                        {"nan", std::numeric_limits<double>::quiet_NaN()}});
    CHECK(
        line.ends_with("x yes=true no=false negative=-7 half=2.5 largest=9223372036854775807 "
                       "size=3 nan=null"));
}

TEST_CASE(
    "log: a text value is quoted only if it needs it, and never carries a control character") {
    struct Case {
        std::string value;
        std::string shown;
    };
    for (const auto& [value, shown] : {
             Case{"plain", "plain"},
             Case{"/var/lib/orders.db", "/var/lib/orders.db"},
             Case{"a.b_c:d~e-f,g;h'i", "a.b_c:d~e-f,g;h'i"},
             Case{"", R"("")"},
             Case{"two words", R"("two words")"},
             Case{"a=b", R"("a=b")"},
             Case{"say \"hi\"", R"("say \"hi\"")"},
             Case{"back\\slash", R"("back\\slash")"},
             Case{"two\nlines\r", R"("two\nlines\r")"},
             Case{"\x1b[31mred", R"("\u001b[31mred")"},
             Case{"nul\0byte"s, R"("nul\u0000byte")"},
             Case{"del\x7f", R"("del\u007f")"},
             Case{"c1 \xc2\x9b"
                  "31m",
                  R"("c1 \u009b31m")"},
             Case{"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
             Case{"broken\xff", "\"broken\xef\xbf\xbd\""},
             Case{"cut\xe2\x82", "\"cut\xef\xbf\xbd\""},
             Case{"lone\x9b", "\"lone\xef\xbf\xbd\""},
         }) {
        CHECK(text_line(Level::info, "x", {{"v", value}}) ==
              "2026-11-22T13:04:05.678Z info  x v=" + shown);
    }
}

TEST_CASE("log: an event with control characters stays on its line") {
    CHECK(text_line(Level::info, "a\nb\x1b", {}) ==
          R"(2026-11-22T13:04:05.678Z info  a\u000ab\u001b)");
}

TEST_CASE("log: a JSON line is one object whose keys stand in the order given") {
    const std::array<Field, 5> fields{Field{"order_id", "1235"}, Field{"attempt", 2},
                                      Field{"late", true}, Field{"seconds", 1.5},
                                      Field{"text", "a \"b\" c"}};
    CHECK(format_line(Format::json, noon, Level::warn, "lease lost", fields) ==
          R"({"time":"2026-11-22T13:04:05.678Z","level":"warn","event":"lease lost",)"
          R"("order_id":"1235","attempt":2,"late":true,"seconds":1.5,"text":"a \"b\" c"})");
}

TEST_CASE(
    "log: a JSON line is valid JSON without raw control characters, whatever the text holds") {
    const std::string hostile = "\n\r\t\x1b[2J\x7f\xc2\x9b \xff\xfe \"\\ \0 \xe2\x82 ok"s;
    const std::array<Field, 1> fields{Field{"text", hostile}};
    const std::string line = format_line(Format::json, noon, Level::info, hostile, fields);
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        CHECK(byte >= 0x20);
        CHECK(byte != 0x7f);
    }
    CHECK(line.find("\xc2\x9b") == std::string::npos);

    const std::string read_back = nlohmann::json::parse(line).at("text");
    CHECK(read_back.starts_with("\n\r\t\x1b[2J\x7f\xc2\x9b "));
    CHECK(read_back.ends_with("ok"));
}

TEST_CASE("log: a field cannot take the place of the line's own time, level or event") {
    const auto line = json_line("x", {{"event", "forged"}, {"level", "error"}, {"a", 1}, {"a", 2}});
    CHECK(line.at("event") == "x");
    CHECK(line.at("level") == "info");
    CHECK(line.at("a") == 1);
}

TEST_CASE("log: printable text is one line of valid UTF-8, otherwise unchanged") {
    CHECK(printable("") == "");
    CHECK(printable("as it is: \"quoted\" \\ a=b") == "as it is: \"quoted\" \\ a=b");
    CHECK(printable("gr\xc3\xbc\xc3\x9f \"x\"") == "gr\xc3\xbc\xc3\x9f \"x\"");
    CHECK(printable("a\nb\tc\x1b\x7f\xc2\x85") == R"(a\u000ab\u0009c\u001b\u007f\u0085)");
    CHECK(printable("a\xff") == "a\xef\xbf\xbd");
    CHECK(printable("\xc2") == "\xef\xbf\xbd");
}

TEST_CASE("log: events below the configured level are not written") {
    const CapturedStandardError standard_error;
    debug("hidden before configure");
    info("shown before configure");

    configure(Level::warn, Format::text);
    CHECK_FALSE(is_enabled(Level::debug));
    CHECK_FALSE(is_enabled(Level::info));
    CHECK(is_enabled(Level::warn));
    CHECK(is_enabled(Level::error));
    debug("hidden");
    info("hidden");
    warn("shown", {{"n", 1}});
    error("shown", {{"n", 2}});

    configure(Level::debug, Format::text);
    debug("shown", {{"n", 3}});

    const auto lines = standard_error.lines();
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].ends_with(" info  shown before configure"));
    CHECK(lines[1].ends_with(" warn  shown n=1"));
    CHECK(lines[2].ends_with(" error shown n=2"));
    CHECK(lines[3].ends_with(" debug shown n=3"));
}

TEST_CASE(
    "log: every line is on standard error as soon as the call returns, in the format configured") {
    const CapturedStandardError standard_error;
    configure(Level::info, Format::json);
    info("working", {{"threads", 10}});
    REQUIRE(standard_error.lines().size() == 1);
    const auto line = nlohmann::json::parse(standard_error.lines().front());
    CHECK(line.at("event") == "working");
    CHECK(line.at("threads") == 10);
    CHECK(line.at("time").get<std::string>().ends_with("Z"));

    info("100 % {} %n %v", {{"v", "{0} %s"}});  // nothing in a text is a format
    REQUIRE(standard_error.lines().size() == 2);
    CHECK(nlohmann::json::parse(standard_error.lines().back()).at("event") == "100 % {} %n %v");
}

TEST_CASE("log: lines of many threads are never mixed or lost") {
    constexpr int threads = 4;
    constexpr int lines_each = 500;
    const CapturedStandardError standard_error;
    configure(Level::info, Format::json);
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < threads; ++writer) {
            writers.emplace_back([writer] {
                for (int i = 0; i < lines_each; ++i) {
                    info("line",
                         {{"id", writer * lines_each + i}, {"text", std::string(200, 'x')}});
                }
            });
        }
    }
    std::set<int> seen;
    for (const std::string& line : standard_error.lines()) {
        seen.insert(nlohmann::json::parse(line).at("id").get<int>());
    }
    CHECK(seen.size() == threads * lines_each);
}

TEST_CASE("log: logging to a standard error that is closed does no harm") {
    const int original = ::dup(STDERR_FILENO);
    REQUIRE(original >= 0);
    ::close(STDERR_FILENO);
    info("nobody hears this");
    ::dup2(original, STDERR_FILENO);
    ::close(original);

    const CapturedStandardError standard_error;
    info("heard again");
    const auto lines = standard_error.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with(" warn  log lines lost count=1"));
    CHECK(lines[1].ends_with(" info  heard again"));
}

TEST_CASE("log: a reader that does not read holds nobody up, and hears how many lines it missed") {
    constexpr int page = 4096;
    for (const int capacity : {page, 16 * page}) {
        CAPTURE(capacity);
        const test::TempDir directory;
        test::UnreadPipe pipe(directory.file("log"), capacity);
        const FileDescriptor end = pipe.open_writing();
        const CapturedStandardError standard_error;
        REQUIRE(::dup2(end.get(), STDERR_FILENO) >= 0);
        pipe.fill();
        for (int i = 0; i < 5'000; ++i) info("missed");
        print("missed as well");
        (void)pipe.drain();
        configure(Level::error, Format::text);
        error("seen");
        const std::string text = pipe.drain();
        CAPTURE(text);
        CHECK(text.find(" warn  log lines lost count=5001\n") != std::string::npos);
        CHECK(text.ends_with(" error seen\n"));
    }
}

TEST_CASE("log: what is printed is a line as it stands, at any level") {
    const CapturedStandardError standard_error;
    configure(Level::error, Format::json);
    print("order-api: the port is taken");
    CHECK(standard_error.lines() == std::vector<std::string>{"order-api: the port is taken"});
}

}  // namespace
}  // namespace orders::log

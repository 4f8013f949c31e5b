#include "shared/log/line_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unread_pipe.h"

namespace orders::log {
namespace {

using test::TempDir;
using test::UnreadPipe;

using Lines = std::vector<std::string>;

constexpr int page = 4096;

std::string describe_loss(std::int64_t lost) {
    return "lost " + std::to_string(lost);
}

Lines lines_of(const std::string& text) {
    Lines lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty()) lines.push_back(line);
    }
    return lines;
}

// A pipe that nobody reads unless the test does, and a writer on it.
struct WriterUnderTest {
    explicit WriterUnderTest(int capacity) : pipe(directory.file("log"), capacity) {}

    TempDir directory;
    UnreadPipe pipe;
    FileDescriptor end = pipe.open_writing();
    LineWriter writer{end.get(), describe_loss};
};

TEST_CASE("line_writer: a full pipe takes no lines, holds nobody up, and is told what it missed") {
    for (const int capacity : {page, 16 * page}) {
        CAPTURE(capacity);
        WriterUnderTest under_test(capacity);
        under_test.pipe.fill();
        for (int i = 0; i < 10'000; ++i) under_test.writer.write("missed");
        CHECK(lines_of(under_test.pipe.drain()).empty());

        under_test.writer.write("seen");
        CHECK(lines_of(under_test.pipe.drain()) == Lines{"lost 10000", "seen"});
    }
}

TEST_CASE("line_writer: a pipe that fills up keeps what it took, and every lost line is counted") {
    constexpr int lines_written = 3'000;
    WriterUnderTest under_test(16 * page);
    for (int i = 0; i < lines_written; ++i) {
        under_test.writer.write(std::to_string(i) + " " + std::string(50, 'x'));
    }
    const Lines first = lines_of(under_test.pipe.drain());
    REQUIRE(first.size() < lines_written);
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(first[i] == std::to_string(i) + " " + std::string(50, 'x'));
    }
    under_test.writer.write("seen");
    CHECK(lines_of(under_test.pipe.drain()) ==
          Lines{"lost " + std::to_string(lines_written - first.size()), "seen"});
}

TEST_CASE("line_writer: many threads on a full pipe all go on") {
    constexpr int threads = 8;
    constexpr int lines_each = 1'000;
    WriterUnderTest under_test(page);
    under_test.pipe.fill();
    {
        std::vector<std::jthread> writers;
        for (int i = 0; i < threads; ++i) {
            writers.emplace_back([&] {
                for (int n = 0; n < lines_each; ++n) under_test.writer.write("missed");
            });
        }
    }
    (void)under_test.pipe.drain();
    under_test.writer.write("seen");
    CHECK(lines_of(under_test.pipe.drain()) == Lines{"lost 8000", "seen"});
}

TEST_CASE("line_writer: a line longer than a pipe takes at once is neither mixed nor cut") {
    const std::string longer(20'000, 'l');
    WriterUnderTest under_test(4 * page);
    under_test.writer.write("before");
    under_test.writer.write(longer);  // some of it
    under_test.writer.write("missed");
    std::string text = under_test.pipe.drain();
    CHECK(text.size() < longer.size());

    under_test.writer.write("after");  // what is left comes first
    text += under_test.pipe.drain();
    CHECK(lines_of(text) == Lines{"before", longer, "lost 1", "after"});
}

TEST_CASE("line_writer: whoever reads in time loses nothing, however many write") {
    constexpr int threads = 4;
    constexpr int lines_each = 500;
    WriterUnderTest under_test(16 * page);
    std::string text;
    std::atomic<int> writing = threads;
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < threads; ++writer) {
            writers.emplace_back([&, writer] {
                for (int i = 0; i < lines_each; ++i) {
                    under_test.writer.write(std::to_string(writer * lines_each + i));
                }
                --writing;
            });
        }
        while (writing > 0) text += under_test.pipe.drain();
    }
    text += under_test.pipe.drain();
    Lines expected;
    for (int i = 0; i < threads * lines_each; ++i) expected.push_back(std::to_string(i));
    Lines lines = lines_of(text);
    std::ranges::sort(lines);
    std::ranges::sort(expected);
    CHECK(lines == expected);
}

TEST_CASE("line_writer: the descriptor, which others share, stays as it is") {
    WriterUnderTest under_test(page);
    const int before = ::fcntl(under_test.end.get(), F_GETFL);
    under_test.pipe.fill();
    under_test.writer.write("missed");
    CHECK(::fcntl(under_test.end.get(), F_GETFL) == before);
    CHECK((before & O_NONBLOCK) == 0);
}

TEST_CASE(
    "line_writer: lines that a descriptor refuses are counted like those it has no room for") {
    WriterUnderTest under_test(page);
    const FileDescriptor read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const FileDescriptor good(::dup(under_test.end.get()));
    REQUIRE(::dup2(read_only.get(), under_test.end.get()) >= 0);
    under_test.writer.write("missed");
    under_test.writer.write("missed");
    REQUIRE(::dup2(good.get(), under_test.end.get()) >= 0);
    under_test.writer.write("seen");
    CHECK(lines_of(under_test.pipe.drain()) == Lines{"lost 2", "seen"});
}

}  // namespace
}  // namespace orders::log

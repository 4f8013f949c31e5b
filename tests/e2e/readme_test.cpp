// The documents against the programs: what a reader copies from them works, what they link to is
// there, and what they list is all there is.

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/declared_settings.h"
#include "tests/e2e/documented_commands.h"
#include "tests/support/document.h"
#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

const std::filesystem::path source_directory = ORDERS_SOURCE_DIR;
const std::string readme = "README.md";
const std::string operating = "shared/packaging/OPERATING.md";
const std::string http_contract = "api/HTTP.md";

// All documents, as paths relative to the source directory.
std::vector<std::string> all_documents() {
    std::vector<std::string> documents{readme};
    for (const char* const room : {"api", "migrations", "shared", "tests", "worker"}) {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(source_directory / room)) {
            if (entry.path().extension() != ".md") continue;
            documents.push_back(std::filesystem::relative(entry.path(), source_directory).string());
        }
    }
    return documents;
}

std::set<std::string> keys_of(const nlohmann::json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
}

// The names of a log line's fields.
std::set<std::string> field_names(const std::string& line) {
    static const std::regex name(" ([a-z_]+)=");
    std::set<std::string> names;
    for (std::sregex_iterator match(line.begin(), line.end(), name), end; match != end; ++match) {
        names.insert((*match)[1]);
    }
    return names;
}

}  // namespace

TEST_CASE("readme: every command in the documents works") {
    for (const std::string& path : {readme, operating}) {
        CAPTURE(path);
        OrderProcesses processes;
        processes.start_api();
        processes.start_worker();
        CommandChecker checker(processes);
        const auto commands = CommandChecker::commands_of(Document(path));
        CHECK_GT(commands.size(), 5);
        for (const ShellCommand& command : commands) {
            CAPTURE(command.text());
            CHECK_EQ(checker.complaint_about(command), "");
        }
        for (const std::string& name : Document(path).matches(std::regex(R"(\./dev ([a-z]+))"))) {
            CHECK_MESSAGE(checker.is_dev_command(name), name);
        }
    }
}

TEST_CASE("readme: a command that does not work, or is of an unknown kind, is noticed") {
    OrderProcesses processes;
    processes.start_api();
    CommandChecker checker(processes);
    const std::vector<std::string> wrong{
        "curl http://127.0.0.1:8099/nothing",
        "curl -X DELETE http://127.0.0.1:8099/livez",
        "curl --fail http://127.0.0.1:8099/livez",
        "curl http://127.0.0.1:8080/livez",
        "./dev",
        "./dev nothing",
        "./dev test --nothing",
        "docker run api",
        "docker compose pause api",
        "docker compose cp worker:/data/copy.db .",
        "docker cp worker:/data/copy.db .",
        "docker cp \"$(docker compose ps -q nobody)\":/data/copy.db .",
        "docker cp \"$(docker compose ps -q api)\":/data/copy.db",
        "docker compose up --nothing",
        "docker compose up --scale nobody=3",
        "NOTHING=1 docker compose up",
        "docker compose exec nobody order-worker verify",
        "docker compose exec worker sh",
        "docker compose exec worker order-worker nothing",
        "docker compose exec worker order-worker verify --db missing.db",
        "docker compose run worker verify --db missing.db",
        "docker compose run --rm nobody verify",
        "docker compose run --rm worker",
        "docker compose cp copy.db nobody:/data/copy.db",
        "docker compose cp worker:/data/copy.db",
        "build/release/order-worker verify --db missing.db",
        "build/release/order-worker",
        "build/release/order-clerk verify",
        "rm -r .data",
        "SOMETHING=1",
    };
    for (const std::string& text : wrong) {
        CAPTURE(text);
        const auto commands = commands_in(text);
        REQUIRE_EQ(commands.size(), 1);
        CHECK(!checker.complaint_about(commands[0]).empty());
    }
    CHECK_THROWS((void)commands_in("curl $NOTHING"));
}

TEST_CASE(
    "readme: of the orders of its first screen one is Processed and the other takes too long") {
    OrderProcesses processes;
    // Five times as fast as what a reader starts.
    processes.set("SERVICE_TIME_UNIT_MS", "200");
    processes.set("SERVICE_ORDER_PROCESS_TIMEOUT", "1");
    for (const DeclaredSetting& setting : declared_settings(worker_program())) {
        if (setting.variable == "SERVICE_TIME_UNIT_MS") CHECK_EQ(setting.fallback, "1000");
        if (setting.variable == "SERVICE_ORDER_PROCESS_TIMEOUT") CHECK_EQ(setting.fallback, "5");
    }
    processes.start_api();
    ChildProcess& worker = processes.start_worker();
    CommandChecker checker(processes);
    const Document document(readme);
    for (const ShellCommand& command : CommandChecker::commands_of(document)) {
        if (command.words[0] == "curl") CHECK_EQ(checker.complaint_about(command), "");
    }
    CHECK_EQ(processes.finished_order("1235")["status"], "Processed");
    CHECK_EQ(processes.finished_order("1236")["failure"], "timeout");

    const std::string event = "order status report";
    const auto samples = document.blocks("");
    REQUIRE(!samples.empty());
    REQUIRE(samples[0].find(event) != std::string::npos);
    CHECK_EQ(field_names(samples[0]), field_names(worker.wait_for_line(event, patience)));
}

TEST_CASE(
    "readme: the documents' tables have every setting with its variable and default, and no "
    "other") {
    std::set<std::string> known;
    const std::string prose = Document(readme).prose() + Document(operating).prose();
    for (const std::string& program : {api_program(), worker_program()}) {
        for (const DeclaredSetting& setting : declared_settings(program)) {
            if (setting.is_secret()) continue;
            CAPTURE(setting.flag);
            known.insert(setting.flag);
            // What the flag takes may stand behind it.
            const std::regex row("\\| `" + setting.flag + "( [^`]*)?` \\| `" + setting.variable +
                                 "` \\| ([^\n]*)");
            std::smatch cells;
            REQUIRE(std::regex_search(prose, cells, row));
            CHECK_MESSAGE(cells[2].str().find(setting.fallback) != std::string::npos,
                          cells[0].str());
        }
    }
    for (const std::string& document : {readme, operating}) {
        for (const std::string& flag :
             Document(document).matches(std::regex(R"(\| `(--[a-z-]+)( [^`]*)?` \|)"))) {
            CHECK_MESSAGE(known.contains(flag), flag);
        }
    }
}

TEST_CASE("readme: every link in the documents leads to a file, and to a heading in it") {
    for (const std::string& path : all_documents()) {
        const Document document(path);
        for (const std::string& link : document.links()) {
            if (link.starts_with("https://")) continue;
            CAPTURE(path);
            CAPTURE(link);
            const std::size_t mark = link.find('#');
            const std::filesystem::path file = link.substr(0, mark);
            const auto target =
                file.empty()
                    ? std::filesystem::path(path)
                    : (std::filesystem::path(path).parent_path() / file).lexically_normal();
            CHECK(std::filesystem::exists(source_directory / target));
            if (mark == std::string::npos) continue;
            std::set<std::string> anchors;
            for (const std::string& heading : Document(target.string()).headings()) {
                anchors.insert(anchor_of(heading));
            }
            CHECK(anchors.contains(link.substr(mark + 1)));
        }
    }
}

TEST_CASE("readme: a newcomer can read it in one sitting") {
    CHECK_LE(Document(readme).lines(), 250);
    const std::string text = contents_of(source_directory / readme);
    for (const char* const command : {"./dev up", "./dev test", "docker compose up"}) {
        CHECK_MESSAGE(text.find(command) != std::string::npos, command);
    }
}

TEST_CASE("http_document: its examples are JSON, and that of an order has all fields of one") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("1235"));
    const std::set<std::string> fields = keys_of(processes.order("1235"));
    bool is_order_shown = false;
    for (const std::string& block : Document(http_contract).blocks("json")) {
        const auto example = nlohmann::json::parse(block);
        if (!example.contains("order_id")) continue;
        is_order_shown = true;
        CHECK_EQ(keys_of(example), fields);
    }
    CHECK(is_order_shown);
}

}  // namespace orders::test

// Command lines, environment variables and databases, good and bad, as a user meets them: both
// programs say in one line what is wrong, and spoil nothing. (Commands are in commands_test.cpp.)

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/declared_settings.h"
#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/store_audit.h"

namespace orders::test {
namespace {

using Flags = OrderProcesses::Flags;

struct IntegerSetting {
    std::string program;
    std::string flag;
    std::string variable;
    std::string fallback;
    std::string min;
    std::string max;
    std::string below;
    std::string above;
};

const std::vector<IntegerSetting>& integer_settings() {
    static const std::string api = api_program();
    static const std::string worker = worker_program();
    static const std::vector<IntegerSetting> settings{
        {api, "--port", "API_PORT", "8080", "0", "65535", "-1", "65536"},
        {api, "--drain-seconds", "API_DRAIN_SECONDS", "10", "1", "600", "0", "601"},
        {api, "--stop-delay-seconds", "API_STOP_DELAY_SECONDS", "0", "0", "600", "-1", "601"},
        {api, "--idle-seconds", "API_IDLE_SECONDS", "120", "1", "3600", "0", "3601"},
        {api, "--max-connections", "API_MAX_CONNECTIONS", "8000", "1", "100000", "0", "100001"},
        {api, "--max-event-clients", "API_MAX_EVENT_CLIENTS", "1000", "1", "100000", "0", "100001"},
        {api, "--max-pending-orders", "API_MAX_PENDING_ORDERS", "1000000", "1", "1000000000", "0",
         "1000000001"},
        {api, "--min-free-mb", "API_MIN_FREE_MB", "128", "0", "1048576", "-1", "1048577"},
        {worker, "--worker-count", "SERVICE_WORKER_COUNT", "10", "1", "10000", "0", "10001"},
        {worker, "--webhook-max-in-flight", "SERVICE_WEBHOOK_MAX_IN_FLIGHT", "64", "1", "10000",
         "0", "10001"},
        {worker, "--order-process-timeout", "SERVICE_ORDER_PROCESS_TIMEOUT", "5", "1", "86400", "0",
         "86401"},
        {worker, "--report-interval", "SERVICE_REPORT_INTERVAL", "2", "1", "86400", "0", "86401"},
        {worker, "--lease-seconds", "SERVICE_LEASE_SECONDS", "10", "1", "3600", "0", "3601"},
        {worker, "--max-attempts", "SERVICE_MAX_ATTEMPTS", "5", "1", "1000", "0", "1001"},
        {worker, "--time-unit-ms", "SERVICE_TIME_UNIT_MS", "1000", "0", "60000", "-1", "60001"},
        {worker, "--drain-seconds", "SERVICE_DRAIN_SECONDS", "10", "0", "600", "-1", "601"},
        {worker, "--keep-processed-seconds", "SERVICE_KEEP_PROCESSED_SECONDS", "0", "0",
         "315360000", "-1", "315360001"},
        {worker, "--keep-failed-seconds", "SERVICE_KEEP_FAILED_SECONDS", "0", "0", "315360000",
         "-1", "315360001"},
    };
    return settings;
}

std::vector<std::string> both_programs() {
    return {api_program(), worker_program()};
}

using Environment = OrderProcesses::Environment;

// What the program says to this environment before it finds that there is no store to verify.
std::vector<std::string> said_to(const std::string& program, const Environment& environment) {
    Run verification = run(program, {"verify", "--db", "missing/orders.db"}, environment);
    CHECK_EQ(verification.ending, exited(1));
    REQUIRE(!verification.error_lines.empty());
    verification.error_lines.pop_back();
    return verification.error_lines;
}

}  // namespace

TEST_CASE("settings: --help shows every setting with its variable, default and range") {
    for (const std::string& program : both_programs()) {
        for (const char* flag : {"--help", "-h"}) {
            const Run help = run(program, {flag});
            CHECK_EQ(help.ending, exited(0));
            CHECK(help.error_lines.empty());
            for (const IntegerSetting& setting : integer_settings()) {
                if (setting.program != program) continue;
                // What is said of one setting stands between its flag and the next one.
                const std::size_t begin = help.output.find("  " + setting.flag + " VALUE\n");
                REQUIRE_MESSAGE(begin != std::string::npos, setting.flag);
                const std::string about =
                    help.output.substr(begin, help.output.find("\n  --", begin) - begin);
                for (const std::string& word :
                     {setting.variable, setting.fallback, setting.min, setting.max}) {
                    CHECK_MESSAGE(about.find(word) != std::string::npos, setting.flag, ": ", word);
                }
            }
            for (const char* word :
                 {"--db", "DB_PATH", "orders.db", "--log-level", "DB_LOG_LEVEL", "INFO", "DEBUG",
                  "--log-format", "LOG_FORMAT", "text", "json", "--version", "--help"}) {
                CHECK_MESSAGE(help.output.find(word) != std::string::npos, word);
            }
        }
    }
    CHECK(run(api_program(), {"--help"}).output.find("API_HOST") != std::string::npos);
}

TEST_CASE("settings: --version says which program and version it is") {
    for (const std::string& program : both_programs()) {
        const Run version = run(program, {"--version"});
        CHECK_EQ(version.ending, exited(0));
        CHECK_EQ(version.output,
                 std::filesystem::path(program).filename().string() + " " ORDERS_VERSION "\n");
        CHECK(version.error_lines.empty());
    }
}

TEST_CASE("settings: a number that does not fit ends the program with 2 and is named") {
    for (const IntegerSetting& setting : integer_settings()) {
        CAPTURE(setting.flag);
        for (const std::string& value :
             {setting.below, setting.above, std::string("ten"), std::string("5x"),
              std::string("1.5"), std::string("1e2"), std::string("0x10"),
              std::string("99999999999999999999"), std::string(" ")}) {
            check_refused(run(setting.program, {setting.flag + "=" + value}), 2,
                          {setting.flag, value});
            check_refused(run(setting.program, {}, {{setting.variable, value}}), 2,
                          {setting.variable, value});
        }
        check_refused(run(setting.program, {setting.flag}), 2, {setting.flag});
        check_refused(run(setting.program, {setting.flag + "="}), 2, {setting.flag});
    }
}

TEST_CASE("settings: a link to a service in any number's variable is ignored with one warning") {
    for (const std::string& program : both_programs()) {
        Environment links;
        for (const DeclaredSetting& setting : declared_settings(program)) {
            if (setting.is_number()) links[setting.variable] = "tcp://10.0.0.5:8080";
        }
        const std::vector<std::string> lines = said_to(program, links);
        REQUIRE_EQ(lines.size(), links.size());
        for (const std::string& line : lines) {
            CHECK(line.find(" warn  environment variable ignored ") != std::string::npos);
            CHECK_EQ(links.erase(log_field(line, "variable")), 1);
            CHECK(line.find("'tcp://10.0.0.5:8080' is a link to a service") != std::string::npos);
        }
    }
}

TEST_CASE("settings: a variable with a typing error in its name is warned about, but not shown") {
    for (const std::string& program : both_programs()) {
        Environment mistyped;
        std::map<std::string, std::string> meant_by;
        for (const DeclaredSetting& setting : declared_settings(program)) {
            const std::string& variable = setting.variable;
            const std::string given = variable.substr(0, variable.size() - 1);
            mistyped[given] = "s3cret";
            meant_by[given] = variable;
        }
        const std::vector<std::string> lines = said_to(program, mistyped);
        REQUIRE_EQ(lines.size(), mistyped.size());
        for (const std::string& line : lines) {
            const std::string meant = meant_by[log_field(line, "variable")];
            CHECK_MESSAGE(line.ends_with("did you mean " + meant + "?\""), line);
            CHECK(line.find("s3cret") == std::string::npos);
        }
    }
}

TEST_CASE("settings: what platforms set by themselves for services is ignored without a word") {
    for (const std::string& program : both_programs()) {
        Environment injected;
        for (const std::string service : {"API", "SERVICE", "DB", "LOG", "ORDERS"}) {
            for (const char* const ending :
                 {"_SERVICE_HOST", "_SERVICE_PORT", "_SERVICE_PORT_HTTP", "_PORT_8080_TCP",
                  "_PORT_8080_TCP_ADDR", "_PORT_8080_TCP_PORT", "_PORT_8080_TCP_PROTO", "_NAME",
                  "_ENV_PATH"}) {
                injected[service + ending] = "tcp://10.0.0.5:8080";
            }
            if (service != "API") injected[service + "_HOST"] = "10.0.0.5";
            if (service != "API") injected[service + "_PORT"] = "tcp://10.0.0.5:8080";
        }
        for (const std::string& line : said_to(program, injected)) FAIL_CHECK(line);
    }
}

TEST_CASE("settings: a text that was spoiled when it was copied ends the program with 2") {
    for (const std::string& program : both_programs()) {
        for (const DeclaredSetting& setting : declared_settings(program)) {
            if (!setting.is_text()) continue;
            CAPTURE(setting.flag);
            for (const char* const value : {"x\r", " x", "x ", "\"x\"", "'x'", "\xef\xbb\xbfx"}) {
                check_refused(run(program, {setting.flag, value}), 2, {setting.flag + ": "});
                check_refused(run(program, {}, {{setting.variable, value}}), 2,
                              {setting.variable + ": "});
            }
        }
        check_refused(run(program, {}, {{"DB_PATH", "x.db\r"}}), 2,
                      {"DB_PATH: 'x.db\\u000d' ends with a carriage return"});
        for (const char* const location : {":memory:", "file:x.db?mode=memory", "sqlite:///x.db"}) {
            check_refused(run(program, {}, {{"DB_PATH", location}}), 2,
                          {"--db, DATABASE_URL or DB_PATH: ", "give the path of a SQLite file"});
        }
    }
}

TEST_CASE("settings: a database's URL without a server's, or with a password for all, is refused") {
    for (const std::string& program : both_programs()) {
        check_refused(run(program, {"--db", "postgresql://me:hidden@db/orders"}), 2,
                      {"--db: others can read a password", "DATABASE_URL"});
        check_refused(run(program, {}, {{"DATABASE_URL", "orders.db"}}), 2,
                      {"DATABASE_URL: it must be a URL"});
        check_refused(run(program, {}, {{"DATABASE_URL", "postgresql://me:hid/den@db/orders"}}), 2,
                      {"--db, DATABASE_URL or DB_PATH: "});
    }
}

TEST_CASE("settings: a word that does not fit ends the program with 2 and is named") {
    for (const std::string& program : both_programs()) {
        check_refused(run(program, {"--log-level", "LOUD"}), 2, {"--log-level", "LOUD", "DEBUG"});
        check_refused(run(program, {}, {{"DB_LOG_LEVEL", "LOUD"}}), 2, {"DB_LOG_LEVEL", "LOUD"});
        check_refused(run(program, {"--log-format", "xml"}), 2, {"--log-format", "xml", "json"});
        check_refused(run(program, {}, {{"LOG_FORMAT", "xml"}}), 2, {"LOG_FORMAT", "xml"});
        check_refused(run(program, {"--db", ""}), 2, {"--db"});
        check_refused(run(program, {"--nonsense"}), 2, {"--nonsense"});
        check_refused(run(program, {"--nonsense=5"}), 2, {"--nonsense"});
        check_refused(run(program, {"nonsense"}), 2, {"nonsense"});
        check_refused(run(program, {"--db", "a", "--db", "b"}), 2, {"--db"});
        check_refused(run(program, {"--log-level", "two\nlines"}), 2, {"--log-level"});
    }
}

TEST_CASE("settings: a flag overrides the environment variable, which overrides the default") {
    OrderProcesses processes;
    const auto threads = [&](const Flags& flags) {
        return log_field(processes.start_worker(flags).wait_for_line(" working ", patience),
                         "threads");
    };
    CHECK_EQ(threads({}), "10");
    processes.set("SERVICE_WORKER_COUNT", "3");
    CHECK_EQ(threads({}), "3");
    CHECK_EQ(threads({"--worker-count", "4"}), "4");
    CHECK_EQ(threads({"--worker-count=5"}), "5");
    processes.set("SERVICE_WORKER_COUNT", "");  // counts as not set
    CHECK_EQ(threads({}), "10");
}

TEST_CASE("log: it may be JSON, one object per line, and quieter or louder") {
    OrderProcesses processes;
    processes.set("LOG_FORMAT", "JSON");
    processes.set("DB_LOG_LEVEL", "debug");
    ChildProcess& worker = processes.launch(worker_program(), {});
    const auto line = nlohmann::json::parse(worker.wait_for_line("\"working\"", patience));
    CHECK_EQ(line["event"], "working");
    CHECK_EQ(line["level"], "info");
    CHECK(line["time"].is_string());
    CHECK_EQ(line["threads"], 10);
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    for (const std::string& each : worker.error_lines()) {
        CHECK_MESSAGE(nlohmann::json::accept(each), each);
    }

    ChildProcess& quiet =
        processes.launch(worker_program(), {"--log-level", "ERROR", "--worker-count", "3"});
    processes.start_api({"--log-format", "text"});
    HttpClient http = processes.client();
    eventually(patience, [&] { return http.get("/api/v1/report").json()["workers"].size() == 1; });
    quiet.signal(SIGTERM);
    CHECK_EQ(quiet.wait_exit(patience), exited(0));
    CHECK(quiet.error_lines().empty());
}

TEST_CASE(
    "settings: a database that cannot be used ends the program with 1, and is left as it was") {
    const TempDir directory;
    const std::string folder = directory.file("folder");
    std::filesystem::create_directory(folder);
    const std::string text_file = directory.file("text.db");
    std::ofstream(text_file) << "This is no database, but a text of some length.\n";
    const std::string foreign = directory.file("foreign.db");
    std::ofstream(foreign).flush();
    run_sql(foreign, "CREATE TABLE customers (id INTEGER); INSERT INTO customers VALUES (1)");
    const std::string text_before = contents_of(text_file);
    const std::string foreign_before = contents_of(foreign);
    REQUIRE(!foreign_before.empty());

    for (const std::string& program : both_programs()) {
        for (const std::string& path :
             {directory.file("missing/orders.db"), folder, text_file, foreign}) {
            CAPTURE(path);
            check_refused(run(program, {"--db", path}, {{"API_PORT", "0"}}), 1, {path});
        }
    }
    CHECK_EQ(contents_of(text_file), text_before);
    CHECK_EQ(contents_of(foreign), foreign_before);
    CHECK(std::filesystem::is_empty(folder));
    CHECK(!std::filesystem::exists(directory.file("missing")));
}

TEST_CASE(
    "settings: a database of a newer version ends the program with 1, and is left as it was") {
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("kept"));
    processes.stop_all();
    const std::string& database = processes.database();
    run_sql(database, "PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string before = contents_of(database);
    for (const std::string& program : both_programs()) {
        check_refused(run(program, {"--db", database}, {{"API_PORT", "0"}}), 1, {"999", "newer"});
    }
    CHECK_EQ(contents_of(database), before);
    CHECK_EQ(stored_orders(database).size(), 1);
}

}  // namespace orders::test

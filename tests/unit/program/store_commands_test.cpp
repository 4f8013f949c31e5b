// The commands for the store, on a storage that only says what it was asked for: what they print,
// and with which status they end. What a backup and a verification are worth is for tests/e2e.

#include "shared/program/store_commands.h"

#include <doctest/doctest.h>

#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/program/run_program.h"
#include "tests/unit/program/captured_standard_output.h"
#include "tests/unit/program/program_under_test.h"

namespace orders::test {
namespace {

struct ScriptedStorage final : Storage {
    std::string describe() override { return "a script"; }
    std::unique_ptr<IntakeStore> open_intake() override { return nullptr; }
    std::unique_ptr<WorkerStore> open_worker() override { return nullptr; }
    std::unique_ptr<HousekeepingStore> open_housekeeping() override { return nullptr; }
    std::unique_ptr<OrderReader> open_reader() override { return nullptr; }
    std::unique_ptr<ChangeLog> open_change_log() override { return nullptr; }
    std::unique_ptr<WorkWatch> open_watch() override { return nullptr; }
    std::unique_ptr<WorkWatch> open_end_watch() override { return nullptr; }
    std::shared_ptr<const StoreWork> work() const override { return nullptr; }
    std::chrono::milliseconds look_interval() const override { return {}; }
    std::chrono::milliseconds change_look_interval() const override { return {}; }
    bool is_being_migrated() override { return false; }
    Backup back_up(const std::string& file) override {
        copied_to = file;
        return {.orders = 12, .bytes = 4'096};
    }
    Verification verify() override { return verification; }
    Restored restore(const std::string& file) override {
        restored_from = file;
        return {.orders = 12, .bytes = 4'096, .kept = kept};
    }

    std::unique_ptr<CopyEnd> open_copy_end(CopyRole) override { return nullptr; }

    std::string copied_to;
    Verification verification;
    std::string restored_from;
    std::string kept;
};

struct Program : ProgramUnderTest {
    Program() { declare_store_commands(reader); }

    std::optional<int> run(const std::vector<const char*>& arguments) {
        if (parse(arguments) != SettingsReader::Outcome::run) return std::nullopt;
        return run_store_command(reader, storage);
    }

    ScriptedStorage storage;
};

}  // namespace

TEST_CASE("commands: backup copies to the file that was named, and says what it copied") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.run({"backup", "copy\n.db"}) == exit_ok);
    CHECK(program.storage.copied_to == "copy\n.db");
    CHECK(output.text().starts_with("copied 12 orders to copy\\u000a.db: 4096 bytes in "));
    CHECK(output.text().ends_with(" ms\n"));
}

TEST_CASE("commands: restore restores from the file that was named, and says what it did") {
    Program program;
    const CapturedStandardOutput output;
    CHECK(program.run({"restore", "copy\n.db"}) == exit_ok);
    CHECK(program.storage.restored_from == "copy\n.db");
    CHECK(output.text().starts_with("restored 12 orders from copy\\u000a.db: 4096 bytes in "));
    CHECK(output.text().ends_with(" ms\n"));

    program.storage.kept = "/data/orders\n.db.replaced";
    CHECK(program.run({"restore", "copy.db"}) == exit_ok);
    CHECK(output.text().ends_with(
        " ms\nwhat was there before is kept as /data/orders\\u000a.db.replaced\n"));
}

TEST_CASE("commands: verify counts the orders of a sound store") {
    Program program;
    program.storage.verification.orders = {
        .pending = 1, .processing = 20, .processed = 300, .failed = 4'000};
    const CapturedStandardOutput output;
    CHECK(program.run({"verify"}) == exit_ok);
    CHECK(
        output.text() ==
        "sound: 4321 orders (1 Pending, 20 Processing, 300 Processed, 4000 Failed, 0 Cancelled)\n");
}

TEST_CASE("commands: verify shows the findings, one per line, and fails") {
    Program program;
    program.storage.verification.findings = 1;
    program.storage.verification.examples = {"order a\nb: the status is out of range"};
    const CapturedStandardOutput output;
    CHECK(program.run({"verify"}) == exit_failure);
    CHECK(output.text() ==
          "order a\\u000ab: the status is out of range\n"
          "not sound: 1 finding; stop all programs and put a sound backup in its place: "
          "restore FILE\n");

    program.storage.verification.findings = 2;
    CHECK(program.run({"verify"}) == exit_failure);
    CHECK(output.text().find("\nnot sound: 2 findings; stop all programs ") != std::string::npos);
}

TEST_CASE("commands: a result that cannot be printed is an error") {
    Program program;
    const CapturedStandardOutput output;
    std::cout.setstate(std::ios::badbit);
    CHECK_THROWS_AS(static_cast<void>(program.run({"verify"})), std::runtime_error);
    std::cout.clear();
}

TEST_CASE("commands: another command, or none, is left to the program") {
    Program program;
    CHECK(program.run({}) == std::nullopt);
    CHECK(program.run({"healthcheck"}) == std::nullopt);
    CHECK(program.storage.copied_to.empty());
    CHECK(program.storage.restored_from.empty());
}

}  // namespace orders::test

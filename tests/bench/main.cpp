// orders_bench: measures order-api and order-worker, as they ship, against the goals that are set
// for them, and prints one table. Beside every figure stands that of a reference, measured in the
// same run; a goal is a ratio of both if possible, because figures alone are the machine's.
//
// Whether an order was lost, refused or processed twice is looked up after every load. That fails
// the run; a goal that is missed is marked in the table and does not.

#include <cstdlib>
#include <cxxopts.hpp>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/log/log.h"
#include "tests/bench/figures.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/machine.h"
#include "tests/bench/report.h"
#include "tests/bench/rows.h"
#include "tests/bench/settings.h"

namespace {

using namespace orders;
using namespace orders::bench;

constexpr int bad_usage = 2;

struct Command {
    enum class Kind { help, list, measure };
    Kind kind = Kind::measure;
    Settings settings;
    std::vector<Row> rows;
    std::filesystem::path directory;
};

cxxopts::Options options() {
    cxxopts::Options options("orders_bench", "Measures order-api and order-worker.\n");
    options.add_options()("quick", "Run everything once and small, to see that it works");
    options.add_options()("rows", "Only these rows of the table",
                          cxxopts::value<std::vector<std::string>>(), "a,b,c");
    options.add_options()("list", "List the rows");
    options.add_options()("directory", "Where to put the databases; on a real disk",
                          cxxopts::value<std::string>(), "DIR");
    options.add_options()("help", "Show this");
    return options;
}

Row row_called(const std::string& name) {
    for (const Row& row : all_rows()) {
        if (row.name == name) return row;
    }
    throw std::invalid_argument("there is no row '" + name + "'; see --list");
}

// Throws std::exception with what is wrong.
Command parse(int argc, const char* const* argv) {
    const cxxopts::ParseResult given = options().parse(argc, argv);
    if (!given.unmatched().empty()) {
        throw std::invalid_argument("unexpected word '" + given.unmatched().front() + "'");
    }
    Command command;
    if (given.count("help") > 0) command.kind = Command::Kind::help;
    if (given.count("list") > 0) command.kind = Command::Kind::list;
    command.settings.is_quick = given.count("quick") > 0;
    if (given.count("rows") > 0) {
        for (const auto& name : given["rows"].as<std::vector<std::string>>()) {
            command.rows.push_back(row_called(name));
        }
    } else {
        command.rows.assign(all_rows().begin(), all_rows().end());
    }
    command.directory = given.count("directory") > 0
                            ? std::filesystem::path(given["directory"].as<std::string>())
                            : std::filesystem::temp_directory_path();
    if (!std::filesystem::is_directory(command.directory)) {
        throw std::invalid_argument("there is no directory " + command.directory.string());
    }
    return command;
}

void list_rows() {
    for (const Row& row : all_rows()) {
        std::cout << row.name << std::string(14 - row.name.size(), ' ') << row.what << "\n";
    }
}

std::string headline(const Command& command) {
    const Figures sync = run_benchmark(benchmark_name::sync);
    return describe_machine(command.directory) + ", fdatasync " + time_text(sync.p50) + " (p99 " +
           time_text(sync.p99) + "); " + today() + ", version " + ORDERS_VERSION + ", " +
           ORDERS_BUILD_TYPE + " build";
}

void measure(const Row& row, const Settings& settings, Report& report) {
    say(std::string(row.name) + ": " + std::string(row.what));
    const auto begin = SteadyClock::now();
    try {
        row.measure(settings, report);
    } catch (const std::exception& error) {
        say(std::string(row.name) + ": FAILED: " + error.what());
        report.add_failure(row.name, error.what());
    }
    say("    " + number_text(Seconds(SteadyClock::now() - begin).count(), 1) + " s");
}

int run(const Command& command) {
    log::configure(log::Level::warn, log::Format::text);
    allow_many_open_files();
    ::setenv("TMPDIR", std::filesystem::absolute(command.directory).c_str(), 1);
    if (file_system_of(command.directory) == "tmpfs") {
        say("warning: the databases are in memory, where an fsync costs nothing; see --directory");
    }
    register_benchmarks(command.settings);

    Report report(!command.settings.is_quick);
    const std::string machine = headline(command);
    for (const Row& row : command.rows) measure(row, command.settings, report);
    std::cout << machine << "\n\n";
    report.print(std::cout);
    return report.has_failure() ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    Command command;
    try {
        command = parse(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "orders_bench: " << error.what() << std::endl;
        return bad_usage;
    }
    switch (command.kind) {
        case Command::Kind::help:
            std::cout << options().help();
            return EXIT_SUCCESS;
        case Command::Kind::list:
            list_rows();
            return EXIT_SUCCESS;
        case Command::Kind::measure:
            break;
    }
    try {
        return run(command);
    } catch (const std::exception& error) {
        std::cerr << "orders_bench: " << error.what() << std::endl;
        return EXIT_FAILURE;
    }
}

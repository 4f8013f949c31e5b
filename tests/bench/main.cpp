// orders_bench: measures order-api and order-worker, as they ship, and prints one table: against
// the goals that are set for them, or beside another build of them. Beside every figure stands that
// of a reference or of the other build, measured in the same run; a goal is a ratio of both if it
// can be, because figures alone are the machine's.
//
// After every load it checks whether an order was lost, refused or processed twice, which fails the
// run. A goal that is missed is marked in the table and does not.

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cxxopts.hpp>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "shared/log/log.h"
#include "tests/bench/beside.h"
#include "tests/bench/figures.h"
#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/machine.h"
#include "tests/bench/report.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/settings.h"

namespace {

using namespace orders;
using namespace orders::bench;

constexpr int bad_usage = 2;

struct Command {
    enum class Kind { help, list, measure };
    Kind kind = Kind::measure;
    Settings settings;
    bool is_postgres = false;
    std::optional<Build> other;
    std::vector<Row> rows;
    std::filesystem::path directory;
};

cxxopts::Options options() {
    cxxopts::Options options("orders_bench",
                             "Measures order-api and order-worker against their goals, or beside "
                             "another build of them.\n");
    options.add_options()("quick", "Run everything once and small, to see that it works");
    options.add_options()("rows", "Only these rows of the table",
                          cxxopts::value<std::vector<std::string>>(), "a,b,c");
    options.add_options()("list", "List the rows; those beside another build with --beside");
    options.add_options()("postgres", "The rows of orders on PostgreSQL instead");
    options.add_options()("directory", "Where to put the databases; on a real disk",
                          cxxopts::value<std::string>(), "DIR");
    options.add_options()("beside",
                          "Measure this build beside the order-api and order-worker there",
                          cxxopts::value<std::string>(), "DIR");
    options.add_options()("pairs", "With --beside: pairs of turns for each row; 15 by default",
                          cxxopts::value<int>(), "N");
    options.add_options()("seconds", "With --beside: how long a turn lasts; 5 by default",
                          cxxopts::value<int>(), "S");
    options.add_options()("help", "Show this");
    return options;
}

constexpr std::string_view more_help = R"(
Both print Markdown tables; progress goes to standard error. After every load the orders that were
acknowledged must be in the store, and the store must be sound.

With --beside, each row alternates between the two builds within one run, on stores of their own. What
counts is the median of the ratios of all pairs. A row has lost if that is under 0.95 (rates) or
over 1.10 (p50 of creates-1 and pickup); such a row is measured once more, and only if it has lost
again, the run has failed. The default takes about half an hour, on a machine with nothing else to do.

Exit status: 0 if all was measured, whether goals are met or not; 1 if an order was lost, a check
failed, or a row has lost twice beside the other build; 2 if the command line is wrong.
)";

// Throws if the number is not in the range.
int number_of(const cxxopts::ParseResult& given, const std::string& option, int largest) {
    const int number = given[option].as<int>();
    if (number < 1 || number > largest) {
        throw std::invalid_argument("--" + option + " must be from 1 to " +
                                    std::to_string(largest));
    }
    return number;
}

Build build_in(const std::string& directory) {
    Build build{std::filesystem::absolute(directory).string()};
    for (const char* name : {"order-api", "order-worker"}) {
        if (::access(build.program(name).c_str(), X_OK) != 0) {
            throw std::invalid_argument("there is no program " + build.program(name));
        }
    }
    return build;
}

void parse_beside(const cxxopts::ParseResult& given, Command& command) {
    if (given.count("beside") > 0) {
        command.other = build_in(given["beside"].as<std::string>());
        if (!command.settings.is_quick) {
            command.settings.given_rounds = 15;
            command.settings.given_load_time = std::chrono::seconds(5);
        }
    } else if (given.count("pairs") + given.count("seconds") > 0) {
        throw std::invalid_argument("--pairs and --seconds need --beside");
    }
    if (given.count("pairs") > 0) command.settings.given_rounds = number_of(given, "pairs", 1'000);
    if (given.count("seconds") > 0) {
        command.settings.given_load_time = std::chrono::seconds(number_of(given, "seconds", 60));
    }
}

std::vector<Row> all_rows(const Command& command) {
    if (command.other) return rows_beside(*command.other);
    return command.is_postgres ? postgres_rows() : goal_rows();
}

Row row_called(const std::string& name, const Command& command) {
    for (const Row& row : all_rows(command)) {
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
    command.is_postgres = given.count("postgres") > 0;
    parse_beside(given, command);
    if (given.count("rows") > 0) {
        for (const auto& name : given["rows"].as<std::vector<std::string>>()) {
            command.rows.push_back(row_called(name, command));
        }
    } else {
        command.rows = all_rows(command);
    }
    command.directory = given.count("directory") > 0
                            ? std::filesystem::path(given["directory"].as<std::string>())
                            : std::filesystem::temp_directory_path();
    if (!std::filesystem::is_directory(command.directory)) {
        throw std::invalid_argument("there is no directory " + command.directory.string());
    }
    return command;
}

void list_rows(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        std::cout << row.name << std::string(14 - row.name.size(), ' ') << row.what << "\n";
    }
}

std::string headline(const Command& command) {
    const Figures sync = run_benchmark(benchmark_name::sync);
    return describe_machine(command.directory) + ", fdatasync " + time_text(sync.p50) + " (p99 " +
           time_text(sync.p99) + "); " + today() + ", version " + ORDERS_VERSION + ", " +
           ORDERS_BUILD_TYPE + " build";
}

// A row that fails does not keep the others from being measured.
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
    std::string head = headline(command) + "\n";
    if (command.other) head += describe_beside(command.settings, *command.other) + "\n";
    for (const Row& row : command.rows) measure(row, command.settings, report);
    std::cout << head << "\n";
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
            std::cout << options().help() << more_help;
            return EXIT_SUCCESS;
        case Command::Kind::list:
            list_rows(all_rows(command));
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

#include "tests/bench/load_generator.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "tests/support/child_process.h"

namespace orders::bench {
namespace {

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream directories(path == nullptr ? "" : path);
    for (std::string directory; std::getline(directories, directory, ':');) {
        std::string file = directory;
        file.append("/").append(name);
        if (::access(file.c_str(), X_OK) == 0) return file;
    }
    throw BenchFailure("there is no " + name + " in PATH; install the package " + name);
}

// The line that summary.lua printed.
std::map<std::string, std::int64_t> summary_in(const std::string& output) {
    constexpr std::string_view begin = "\nload ";
    const std::size_t at = output.find(begin);
    if (at == output.npos) throw BenchFailure("wrk has no result: " + output);
    std::istringstream words(
        output.substr(at + begin.size(), output.find('\n', at + begin.size()) - at));
    std::map<std::string, std::int64_t> summary;
    for (std::string word; words >> word;) {
        const std::size_t equals = word.find('=');
        if (equals != word.npos) {
            summary[word.substr(0, equals)] = std::stoll(word.substr(equals + 1));
        }
    }
    return summary;
}

}  // namespace

LoadResult run_load(const Load& load) {
    std::vector<std::string> arguments{"--threads",
                                       "1",
                                       "--connections",
                                       std::to_string(load.connections),
                                       "--duration",
                                       std::to_string(load.duration.count()) + "s",
                                       "--timeout",
                                       "10s",
                                       "--script",
                                       std::string(ORDERS_BENCH_SOURCE_DIR) + "/" + load.script,
                                       "http://127.0.0.1:" + std::to_string(load.port),
                                       "--"};
    arguments.insert(arguments.end(), load.arguments.begin(), load.arguments.end());
    test::ChildProcess wrk(find_program("wrk"), arguments);
    if (wrk.wait_exit(load.duration + std::chrono::seconds(30)) != test::exited(0)) {
        throw BenchFailure("wrk has failed: " + wrk.output() + wrk.tail());
    }

    auto summary = summary_in(wrk.output());
    for (const char* error : {"connect", "read", "write", "status", "timeout"}) {
        if (summary.at(error) == 0) continue;
        throw BenchFailure("not every request was answered with success: " + wrk.output());
    }
    const auto time = [&](const char* name) {
        return Microseconds(static_cast<double>(summary.at(name)));
    };
    const Seconds duration = time("duration_us");
    return {.answered = summary.at("answered"),
            .generated = summary.at("generated"),
            .figures = {.rate = static_cast<double>(summary.at("answered")) / duration.count(),
                        .p50 = time("p50"),
                        .p99 = time("p99"),
                        .max = time("max")}};
}

}  // namespace orders::bench

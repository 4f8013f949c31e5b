#include "tests/bench/service_process.h"

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace orders::bench {
namespace {

constexpr std::chrono::seconds patience{30};

std::string read_process_file(pid_t pid, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || text.str().empty()) throw BenchFailure("a process has gone while it was measured");
    return text.str();
}

}  // namespace

std::string Build::program(std::string_view name) const {
    return (std::filesystem::path(directory) / name).string();
}

const Build& this_build() {
    static const Build build{ORDERS_BINARY_DIR};
    return build;
}

ServiceProcess::ServiceProcess(const ServiceProgram& program)
    : process_(program.path, program.flags),
      ready_line_(process_.wait_for_line(program.ready, patience)) {}

std::int64_t ServiceProcess::number(const std::string& key) const {
    const std::string name = ' ' + key + '=';
    const std::size_t at = ready_line_.find(name);
    if (at == ready_line_.npos) throw BenchFailure("no " + key + " in: " + ready_line_);
    return std::stoll(ready_line_.substr(at + name.size()));
}

void ServiceProcess::stop() {
    process_.signal(SIGTERM);
    const test::Ending ending = process_.wait_exit(patience);
    for (const char* word : {" error ", "busy", "locked"}) {
        if (process_.count_lines(word) > 0) {
            throw BenchFailure("a process logged trouble:\n" + process_.tail());
        }
    }
    if (ending != test::exited(0)) {
        throw BenchFailure("a process did not end well:\n" + process_.tail());
    }
}

ServiceProcess::CpuTimes ServiceProcess::cpu_times() const {
    const std::string stat = read_process_file(process_.pid(), "stat");
    // The program's name, in parentheses, may hold spaces. Behind it the state is field 3.
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user_ticks = 0;
    double system_ticks = 0;
    fields >> user_ticks >> system_ticks;
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return {.user = Seconds(user_ticks / ticks_per_second),
            .system = Seconds(system_ticks / ticks_per_second)};
}

Seconds ServiceProcess::cpu_time() const {
    const auto [user, system] = cpu_times();
    return user + system;
}

double ServiceProcess::resident_mebibytes() const {
    const std::string status = read_process_file(process_.pid(), "status");
    constexpr std::string_view key = "VmRSS:";
    const std::size_t at = status.find(key);
    if (at == status.npos) throw BenchFailure("a process has gone while it was measured");
    return std::stod(status.substr(at + key.size())) / 1024;  // it is in KiB
}

ServiceProcess start_api(const std::string& location, const Build& build) {
    return ServiceProcess(
        {.path = build.program("order-api"),
         .flags = {"--db", location, "--port", "0", "--max-pending-orders", "1000000000"},
         .ready = " listening "});
}

ServiceProgram worker_program(const std::string& location, int threads, const Build& build) {
    return {.path = build.program("order-worker"),
            .flags = {"--db", location, "--worker-count", std::to_string(threads), "--time-unit-ms",
                      "0"},
            .ready = " working "};
}

ServiceProcess start_worker(const std::string& location, int threads, const Build& build) {
    return ServiceProcess(worker_program(location, threads, build));
}

Company nobody() {
    return [](const ServiceProcess&) { return [] {}; };
}

double cpu_percent_at_rest(const ServiceProcess& api, const ServiceProcess& worker,
                           std::chrono::seconds duration) {
    const auto begin = SteadyClock::now();
    const Seconds before = api.cpu_time() + worker.cpu_time();
    std::this_thread::sleep_for(duration);
    const Seconds cpu = api.cpu_time() + worker.cpu_time() - before;
    return 100 * (cpu / Seconds(SteadyClock::now() - begin));
}

ServiceProcess start_reference_server(int connections) {
    return ServiceProcess({.path = this_build().program("reference_server"),
                           .flags = {std::to_string(connections)},
                           .ready = "listening "});
}

}  // namespace orders::bench

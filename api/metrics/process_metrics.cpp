#include "api/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "shared/metrics/catalogue.h"

namespace orders {
namespace {

// The fields of /proc/self/stat behind the program's name, which may have blanks in it: the first
// one is the third of proc(5).
std::vector<std::string> read_stat() {
    std::ifstream file("/proc/self/stat");
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream fields(line.substr(name_end + 1));
    return {std::istream_iterator<std::string>(fields), {}};
}

// By the numbers of proc(5).
std::optional<double> field(const std::vector<std::string>& stat, std::size_t number) {
    if (number - 3 >= stat.size()) return std::nullopt;
    return std::stod(stat[number - 3]);
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code error;
    const std::filesystem::directory_iterator all("/proc/self/fd", error);
    if (error) return std::nullopt;
    return static_cast<double>(std::distance(begin(all), end(all)) - 1);  // without this one
}

}  // namespace

void add_process_metrics(Exposition& exposition) {
    const auto add = [&](const Metric& metric, const std::optional<double>& value) {
        if (value) exposition.add(metric, *value);
    };
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const std::vector<std::string> stat = read_stat();
    const auto user = field(stat, 14);
    const auto system = field(stat, 15);
    const auto started = field(stat, 22);
    const auto resident_pages = field(stat, 24);
    const auto booted = boot_time();
    if (user && system) add(metric::process_cpu, (*user + *system) / ticks);
    if (started && booted) add(metric::process_start_time, *booted + *started / ticks);
    if (resident_pages) {
        add(metric::process_resident_memory,
            *resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
    add(metric::process_threads, field(stat, 20));
    add(metric::process_open_fds, open_descriptors());
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        add(metric::process_max_fds, static_cast<double>(descriptors.rlim_cur));
    }
}

}  // namespace orders

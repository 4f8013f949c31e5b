#include "tests/bench/machine.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "shared/domain/utc_time.h"
#include "tests/bench/figures.h"

namespace orders::bench {
namespace {

std::string cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    }
    return "unknown processor";
}

double memory_gibibytes() {
    const auto bytes = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<double>(::sysconf(_SC_PAGE_SIZE));
    return bytes / (1024.0 * 1024 * 1024);
}

}  // namespace

std::string file_system_of(const std::filesystem::path& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) return "unknown";
    const std::string device =
        std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
    // Number, parent, device, root, place, options..., "-", type, source.
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string skipped;
        std::string mounted_device;
        fields >> skipped >> skipped >> mounted_device;
        if (mounted_device != device) continue;
        std::string type;
        while (fields >> skipped && skipped != "-") {
        }
        fields >> type;
        return type;
    }
    return "unknown";
}

std::string describe_machine(const std::filesystem::path& directory) {
    utsname kernel{};
    ::uname(&kernel);
    return cpu_model() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " +
           number_text(memory_gibibytes(), 0) + " GiB, Linux " + kernel.release + ", " +
           file_system_of(directory);
}

std::string today() {
    const auto now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return to_rfc3339(now).substr(0, 10);
}

double load_average() {
    double average = 0;
    return ::getloadavg(&average, 1) == 1 ? average : 0;
}

void allow_many_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace orders::bench

#include "worker/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "shared/program/run_program.h"

namespace orders {
namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

// The same for all processes in it, and for no others on this machine; 0 if it is not known.
std::int64_t pid_namespace() {
    struct stat status {};
    if (::stat("/proc/self/ns/pid", &status) != 0) return 0;
    return static_cast<std::int64_t>(status.st_ino);
}

int complain(const std::string& of) {
    std::fprintf(stderr, "order-worker: %s\n", of.c_str());
    return exit_failure;
}

int complain_of(const EnlistedWorker& worker) {
    const std::string who = "the worker " +
                            (worker.label.empty() ? "" : "'" + worker.label + "', ") + "process " +
                            std::to_string(worker.pid) + ", ";
    const bool is_dead = worker.state == EnlistedWorker::State::dead;
    return complain(who + (is_dead ? "has died" : "has shown no sign of life in time"));
}

}  // namespace

WorkerDescription describe_worker(std::size_t orders_at_once,
                                  const std::optional<std::string>& label) {
    // A container's host name and process id can recur, as can the label.
    std::random_device random;
    std::array<char, 16> suffix{};
    std::snprintf(suffix.data(), suffix.size(), "-%08x", random());
    std::string host = host_name();
    const std::string given = label.value_or(host + "-" + std::to_string(::getpid()));
    return {.name = given + suffix.data(),
            .host = std::move(host),
            .threads = std::max(1, static_cast<int>(orders_at_once)),  // what a store takes
            .label = label.value_or(""),
            .pid_namespace = pid_namespace(),
            .pid = ::getpid()};
}

int check_worker_health(Storage& storage, const std::optional<std::string>& label) {
    if (storage.is_being_migrated()) return exit_ok;
    const std::int64_t here = pid_namespace();
    std::vector<EnlistedWorker> meant = storage.open_reader()->enlisted_workers();
    std::erase_if(meant, [&](const EnlistedWorker& worker) {
        return label ? worker.label != *label : worker.pid_namespace != here;
    });
    const auto is_live = [](const EnlistedWorker& worker) {
        return worker.state == EnlistedWorker::State::live;
    };
    // One that has died may have left its label to another, and its row for a moment.
    if (label && std::ranges::any_of(meant, is_live)) return exit_ok;
    const auto ailing = std::ranges::find_if_not(meant, is_live);
    if (ailing != meant.end()) return complain_of(*ailing);
    if (!meant.empty()) return exit_ok;
    return complain(
        label ? "no worker that lives is called '" + *label + "'"
              : "no worker lives in this container (or on this machine, outside of containers)");
}

}  // namespace orders

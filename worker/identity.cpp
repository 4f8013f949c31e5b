#include "worker/identity.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <string>

#include "shared/program/run_program.h"

namespace orders {
namespace {

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

}  // namespace

WorkerDescription describe_worker(int threads) {
    // A container's host name and process id can recur.
    std::random_device random;
    std::array<char, 16> suffix{};
    std::snprintf(suffix.data(), suffix.size(), "%08x", random());
    std::string host = host_name();
    std::string name = host + "-" + std::to_string(::getpid()) + "-" + suffix.data();
    return {.name = std::move(name), .host = std::move(host), .threads = threads};
}

int check_worker_health(Storage& storage) {
    const auto workers = storage.open_reader()->report().workers;
    if (std::ranges::find(workers, host_name(), &LiveWorker::host) != workers.end()) return exit_ok;
    std::fprintf(stderr, "order-worker: no worker of this host has shown a sign of life in time\n");
    return exit_failure;
}

}  // namespace orders

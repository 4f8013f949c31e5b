#include "tests/faults/storm.h"

#include <signal.h>

#include <cstddef>
#include <string>
#include <thread>

#include "tests/faults/model_check.h"
#include "tests/support/eventually.h"
#include "tests/support/seed.h"

namespace orders::test {
namespace {

constexpr int workers_in_storm = 3;

}  // namespace

void sleep_up_to(std::mt19937& random, std::chrono::microseconds limit) {
    std::this_thread::sleep_for(
        std::chrono::microseconds(any_of(random, 0, static_cast<int>(limit.count()))));
}

Storm::Storm(std::mt19937& random_numbers) : random(random_numbers) {
    processes.set("SERVICE_LEASE_SECONDS", "1");
    processes.set("SERVICE_MAX_ATTEMPTS", "1000");
    processes.set("API_MAX_ATTEMPTS", "1000");
    processes.set("SERVICE_TIME_UNIT_MS", "2");
}

void Storm::begin() {
    start_first_api();
    record_history(processes.database());
    start_workers();
}

void Storm::start_first_api() {
    api = &start_api();
}

void Storm::start_workers() {
    for (int i = 0; i < workers_in_storm; ++i) workers.push_back(&start_worker());
}

ChildProcess& Storm::start_api() {
    return processes.start_api({"--port", std::to_string(port)});
}

ChildProcess& Storm::start_worker() {
    return processes.start_worker({"--log-level", "DEBUG"});
}

void Storm::kill_somebody() {
    sleep_up_to(random, std::chrono::milliseconds(100));
    const int victim = any_of(random, 0, workers_in_storm);
    ++kills;
    if (victim == workers_in_storm) {
        api->kill();
        api = &start_api();
        return;
    }
    ChildProcess*& worker = workers[static_cast<std::size_t>(victim)];
    worker->kill();
    if (any_of(random, 1, 4) == 1) {
        ChildProcess& newborn = processes.launch(worker_program(), {"--log-level", "DEBUG"});
        sleep_up_to(random, std::chrono::milliseconds(10));
        newborn.kill();
        ++kills;
    }
    worker = &start_worker();
}

void Storm::kill_somebody_at_work(const OrderClients& clients) {
    eventually(patience,
               [&, before = clients.answers()] { return clients.answers() > before + 5; });
    kill_somebody();
}

void Storm::freeze_somebody() {
    freeze(*workers[static_cast<std::size_t>(any_of(random, 0, workers_in_storm - 1))]);
}

void Storm::freeze(ChildProcess& process) {
    process.signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(1'050));
    sleep_up_to(random, std::chrono::milliseconds(100));
    process.signal(SIGCONT);
    ++freezes;
}

}  // namespace orders::test

#pragma once

// The storm's processes: an API and three workers that are killed with -9 at random moments,
// whatever they are doing, and at once replaced; workers are also frozen for longer than their
// leases. Which way of working the workers have is the test's to say, by the settings of
// `processes`. Belongs to the test's main thread.

#include <chrono>
#include <random>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"

namespace orders::test {

// Until all orders that are open at the end of a storm have ended.
inline constexpr std::chrono::minutes time_to_finish{3};

void sleep_up_to(std::mt19937& random, std::chrono::microseconds limit);

struct Storm {
    // Its settings leave only the kills to blame for what goes wrong.
    explicit Storm(std::mt19937& random_numbers);

    // With a store that keeps its history for the model check.
    void begin();
    // The same by steps, for a store whose history is kept in another way.
    void start_first_api();
    void start_workers();

    // Always at the same port, which workers that pull know.
    ChildProcess& start_api();
    ChildProcess& start_worker();

    // The API or one of the workers, under load, at any point of whatever they are doing, their
    // start included.
    void kill_somebody();
    // Each kill meets orders that were not there at the last one.
    void kill_somebody_at_work(const OrderClients& clients);
    // It does not know, and comes back with what it held. (Frozen within a transaction, it keeps
    // all others waiting too.)
    void freeze_somebody();
    // For longer than a lease of a worker.
    void freeze(ChildProcess& process);

    std::mt19937& random;
    const int port = free_port();
    OrderProcesses processes;
    ChildProcess* api = nullptr;
    std::vector<ChildProcess*> workers;
    int kills = 0;
    int freezes = 0;
};

}  // namespace orders::test

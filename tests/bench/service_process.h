#pragma once

// order-api, order-worker and the reference server as child processes, with what they cost: CPU
// time and memory. Each is ready when the object is there. Start them from the main thread.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace orders::bench {

// A place for a store of one's own; there is none in it yet.
class StoreDirectory {
   public:
    [[nodiscard]] std::string location() const { return directory_.file("orders.db"); }

   private:
    test::TempDir directory_;
};

class ServiceProcess {
   public:
    // Waits until the program has logged a line with `ready` in it.
    ServiceProcess(const std::string& program, const std::vector<std::string>& flags,
                   std::string_view ready);

    // Of those that listen.
    [[nodiscard]] int port() const;
    // SIGTERM: it must end with 0, and must not have logged an error, or that anything was locked.
    void stop();

    // User and system time since its start.
    [[nodiscard]] Seconds cpu_time() const;
    [[nodiscard]] double resident_mebibytes() const;

   private:
    test::ChildProcess process_;
    std::string ready_line_;
};

// Both with log level and all else as they ship.
[[nodiscard]] ServiceProcess start_api(const std::string& location);
// Every order is instant.
[[nodiscard]] ServiceProcess start_worker(const std::string& location, int threads);

[[nodiscard]] ServiceProcess start_reference_server(int connections);

}  // namespace orders::bench

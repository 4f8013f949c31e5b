#pragma once

// order-api, order-worker and the reference server as child processes, with what they cost: CPU
// time and memory. Each is ready when the object is there. Start them from the main thread.

#include <sys/types.h>

#include <cstdint>
#include <functional>
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

// A directory with one build of order-api and order-worker. It may be of another version of the
// sources, so what is done to a build in general uses only what version 0.1.0 has: its flags, its
// routes, the lines that its programs log when they are ready, and of its schema what the audits
// and Progress name. Only a build's own programs open a store of that build as a store: any other's
// might migrate it.
struct Build {
    std::string directory;

    [[nodiscard]] std::string program(std::string_view name) const;
};

// The build that this program belongs to.
[[nodiscard]] const Build& this_build();

struct ServiceProgram {
    std::string path;
    std::vector<std::string> flags;
    std::string_view ready;  // is in a line that it logs
};

class ServiceProcess {
   public:
    // Waits until the program has logged that it is ready.
    explicit ServiceProcess(const ServiceProgram& program);

    // Of those that listen.
    [[nodiscard]] int port() const { return static_cast<int>(number("port")); }
    // What stands behind `key=` in the line that said that it is ready.
    [[nodiscard]] std::int64_t number(const std::string& key) const;
    // SIGTERM: it must end with 0, and must not have logged an error, or that anything was locked.
    void stop();

    // Since its start, by all of its threads: outside the kernel, and in all.
    [[nodiscard]] Seconds user_time() const { return cpu_times().user; }
    [[nodiscard]] Seconds cpu_time() const;
    [[nodiscard]] double resident_mebibytes() const;

   private:
    struct CpuTimes {
        Seconds user;
        Seconds system;
    };
    [[nodiscard]] CpuTimes cpu_times() const;

    test::ChildProcess process_;
    std::string ready_line_;
};

// Both with log level and all else as they ship, but for these: any number of orders may be
// Pending, and every order is instant.
[[nodiscard]] ServiceProcess start_api(const std::string& location,
                                       const Build& build = this_build());
[[nodiscard]] ServiceProcess start_worker(const std::string& location, int threads,
                                          const Build& build = this_build());
[[nodiscard]] ServiceProgram worker_program(const std::string& location, int threads,
                                            const Build& build = this_build());

// What goes on beside a load while an API runs: it begins with the call, and ends with a call of
// what that returns.
using Company = std::function<std::function<void()>(const ServiceProcess& api)>;
[[nodiscard]] Company nobody();

// What both take while nothing is asked of them for this long, in percent of a core.
[[nodiscard]] double cpu_percent_at_rest(const ServiceProcess& api, const ServiceProcess& worker,
                                         std::chrono::seconds duration);

[[nodiscard]] ServiceProcess start_reference_server(int connections);

}  // namespace orders::bench

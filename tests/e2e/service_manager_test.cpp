// What both programs tell the service manager that started them: systemd, for the units of
// shared/packaging/systemd.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/managers_socket.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_blockers.h"

namespace orders::test {
namespace {

const std::string ready = "READY=1";
const std::string stopping = "STOPPING=1";
const std::string sign_of_life = "WATCHDOG=1";

// A program that was started by a manager, and what it has told so far.
class Managed {
   public:
    // With a sign of life every millisecond, if it has nothing else to do.
    explicit Managed(const std::string& name) : socket_(abstract_name() + name) {}

    [[nodiscard]] OrderProcesses::Environment environment() const {
        return {{"NOTIFY_SOCKET", socket_.name()}, {"WATCHDOG_USEC", "4000"}};
    }
    [[nodiscard]] bool has_told(const std::string& what) {
        for (std::string& message : socket_.told()) told_.push_back(std::move(message));
        return std::ranges::count(told_, what) > 0;
    }
    void wait_until_told(const std::string& what) {
        eventually(patience, [&] { return has_told(what); });
    }
    void forget() {
        (void)socket_.told();
        told_.clear();
    }

   private:
    ManagersSocket socket_;
    std::vector<std::string> told_;
};

}  // namespace

TEST_CASE("service_manager: both programs say that they are up, live, and come to their end") {
    OrderProcesses processes;
    Managed api("api");
    Managed worker("worker");
    ChildProcess& api_process = processes.start_api({}, api.environment());
    api.wait_until_told(ready);
    // It was told when a client is answered, so nobody needs to wait after it.
    CHECK_EQ(processes.client().get("/readyz").status, 200);
    ChildProcess& worker_process = processes.start_worker({}, worker.environment());
    worker.wait_until_told(ready);
    for (Managed* const managed : {&api, &worker}) {
        CHECK_FALSE(managed->has_told(stopping));
        managed->forget();
        managed->wait_until_told(sign_of_life);
        CHECK_FALSE(managed->has_told(ready));
    }
    for (auto& [managed, process] : {std::pair(&api, &api_process), {&worker, &worker_process}}) {
        process->signal(SIGTERM);
        CHECK_EQ(process->wait_exit(patience), exited(0));
        CHECK(managed->has_told(stopping));
    }
}

TEST_CASE("service_manager: a program that cannot use its store does not say that it is up") {
    OrderProcesses processes;
    Managed api("api");
    processes.set("DB_PATH", "/nowhere/at/all/orders.db");
    ChildProcess& process = processes.launch(api_program(), {"--port", "0"}, api.environment());
    CHECK_EQ(process.wait_exit(patience), exited(1));
    CHECK_FALSE(api.has_told(ready));
}

TEST_CASE("service_manager: an API whose writer is stuck shows no sign of life until it gets on") {
    OrderProcesses processes;
    Managed api("api");
    processes.start_api({}, api.environment());
    {
        const TurnstileBlocker blocker(processes.database());
        const auto create = [&] {
            return processes.client().post("/api/v1/orders", order_json("held")).status;
        };
        // Refused when it has waited for as long as it may, and from then on at once.
        CHECK_EQ(create(), 503);
        api.forget();
        CHECK_EQ(create(), 503);
        CHECK_FALSE(api.has_told(sign_of_life));
    }
    api.wait_until_told(sign_of_life);
}

TEST_CASE("service_manager: an API whose store is taken away says that it comes to its end") {
    OrderProcesses processes;
    Managed api("api");
    ChildProcess& process = processes.start_api({}, api.environment());
    std::filesystem::rename(processes.database(), processes.database() + ".moved");
    CHECK_EQ(process.wait_exit(patience), exited(3));
    CHECK(api.has_told(stopping));
}

}  // namespace orders::test

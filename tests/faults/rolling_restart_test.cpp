// Two APIs on one store behind a proxy, restarted in turn while clients send orders: no request may
// fail. The short form is a restart or two; the long form goes on for 50,000 orders.

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/proxy.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

// Clients that send one order after the other, and try nothing twice.
class SteadyClients {
   public:
    SteadyClients(int clients, int port) : port_(port) {
        for (int i = 0; i < clients; ++i) {
            threads_.emplace_back(
                [this, i](const std::stop_token& stop) { send_orders(std::to_string(i), stop); });
        }
    }

    [[nodiscard]] int answered() const noexcept { return answered_; }
    // What was answered, if it was not 200; and how often.
    [[nodiscard]] int failed() const noexcept { return failed_; }
    [[nodiscard]] std::string first_failure() const {
        const std::lock_guard lock(mutex_);
        return first_failure_;
    }
    // Ends them, each after its current request.
    void stop() { threads_.clear(); }

   private:
    void send_orders(const std::string& name, const std::stop_token& stop) {
        HttpClient http(port_);
        for (int n = 0; !stop.stop_requested(); ++n) {
            try {
                const HttpOutcome outcome =
                    http.attempt({"POST",
                                  "/api/v1/orders",
                                  {{"Content-Type", "application/json"}},
                                  order_json(name + "-" + std::to_string(n)).dump()});
                if (status_of(outcome) == 200) {
                    ++answered_;
                    continue;
                }
                std::ostringstream text;
                text << outcome;
                note_failure(text.str());
            } catch (const std::exception& error) {  // an answer that is not HTTP
                note_failure(error.what());
                http = HttpClient(port_);
            }
        }
    }

    void note_failure(const std::string& text) {
        ++failed_;
        const std::lock_guard lock(mutex_);
        if (first_failure_.empty()) first_failure_ = text;
    }

    const int port_;
    std::atomic<int> answered_ = 0;
    std::atomic<int> failed_ = 0;
    mutable std::mutex mutex_;  // guards the following
    std::string first_failure_;
    std::vector<std::jthread> threads_;  // last: they use the above
};

// The two, each on a port that it keeps.
class PairOfApis {
   public:
    explicit PairOfApis(OrderProcesses& processes) : processes_(processes) {
        for (Api& api : apis_) start(api);
    }

    [[nodiscard]] int first_port() const { return apis_[0].port; }
    [[nodiscard]] int second_port() const { return apis_[1].port; }

    // The one after the other.
    void restart_next() {
        Api& api = apis_[restarts_++ % apis_.size()];
        api.process->signal(SIGTERM);
        CHECK_EQ(api.process->wait_exit(patience), exited(0));
        start(api);
    }
    // Instead of another delay at the end of the test.
    void kill() {
        for (Api& api : apis_) api.process->kill();
    }
    [[nodiscard]] std::size_t restarts() const noexcept { return restarts_; }

   private:
    struct Api {
        int port = port_to_keep();
        ChildProcess* process = nullptr;
    };

    void start(Api& api) {
        api.process = &processes_.start_api({"--port", std::to_string(api.port)});
    }

    OrderProcesses& processes_;
    std::vector<Api> apis_{2};
    std::size_t restarts_ = 0;
};

void wait_for_more(const SteadyClients& clients, int answers) {
    eventually(patience, [&, before = clients.answered()] {
        return clients.answered() >= before + answers || clients.failed() > 0;
    });
}

void check_all_stored(const OrderProcesses& processes, const SteadyClients& clients) {
    CHECK_EQ(clients.first_failure(), "");
    CHECK_EQ(clients.failed(), 0);
    CHECK_EQ(stored_orders(processes.database()).size(),
             static_cast<std::size_t>(clients.answered()));
    std::cout << "orders: " << clients.answered() << ", failed: " << clients.failed() << std::endl;
}

// Restarts the APIs behind the proxy until enough has been sent.
template <typename WaitUntilBackIn>
void restart_under_load(PairOfApis& apis, SteadyClients& clients, int restarts,
                        WaitUntilBackIn wait) {
    const auto least_restarts = static_cast<std::size_t>(restarts);
    const int least_orders = dose(1, 50'000);
    while (apis.restarts() < least_restarts || clients.answered() < least_orders) {
        wait_for_more(clients, 100);
        if (clients.failed() > 0) break;
        apis.restart_next();
        wait();
    }
    wait_for_more(clients, 100);
    clients.stop();
}

}  // namespace

TEST_CASE("rolling_restart: behind haproxy no request fails while the APIs restart in turn") {
    const auto program = proxy_program("haproxy");
    if (!program) return skipped("haproxy is not installed");
    OrderProcesses processes;
    processes.set("API_STOP_DELAY_SECONDS", "1");
    PairOfApis apis(processes);
    const Proxy haproxy("haproxy", *program, apis.first_port(), apis.second_port());
    haproxy.wait_until_both_are_up();
    SteadyClients clients(dose(8, 16), haproxy.port());
    restart_under_load(apis, clients, dose(1, 10), [&] { haproxy.wait_until_both_are_up(); });
    check_all_stored(processes, clients);
    apis.kill();
}

TEST_CASE("rolling_restart: without the delay requests fail, so the one with it can fail" *
          only_in_a_file()) {
    const auto program = proxy_program("haproxy");
    if (!program) return skipped("haproxy is not installed");
    OrderProcesses processes;
    PairOfApis apis(processes);
    const Proxy haproxy("haproxy", *program, apis.first_port(), apis.second_port());
    haproxy.wait_until_both_are_up();
    SteadyClients clients(8, haproxy.port());
    // Once is nearly always enough; but the machine may be so busy that nobody asks meanwhile.
    constexpr std::size_t most_restarts = 20;
    while (clients.failed() == 0 && apis.restarts() < most_restarts) {
        wait_for_more(clients, 100);
        apis.restart_next();
        haproxy.wait_until_both_are_up();
    }
    clients.stop();
    CHECK_GT(clients.failed(), 0);
}

TEST_CASE("rolling_restart: behind nginx no request fails while the APIs restart in turn") {
    const auto program = proxy_program("nginx");
    if (!program) return skipped("nginx is not installed");
    OrderProcesses processes;
    PairOfApis apis(processes);
    const Proxy nginx("nginx", *program, apis.first_port(), apis.second_port());
    SteadyClients clients(dose(8, 16), nginx.port());
    restart_under_load(apis, clients, dose(2, 50), [] {});
    check_all_stored(processes, clients);
}

}  // namespace orders::test

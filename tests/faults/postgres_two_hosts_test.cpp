// The programs on one host and PostgreSQL on another, with a cable between them that is pulled out
// at random, or loses all that goes one way, which neither end is told. All of it is recovered from
// without help, and meanwhile clients are answered: 503, in time.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/faults/postgres_audit.h"
#include "tests/faults/storm.h"
#include "tests/faults/two_hosts.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seed.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;
using Way = TwoHosts::Way;

constexpr char database[] = "orders";

bool is_missing() {
    if (!PostgresServer::is_available()) {
        skipped("PostgreSQL is not installed");
        return true;
    }
    const std::string missing = TwoHosts::missing();
    if (!missing.empty()) skipped(missing);
    return !missing.empty();
}

// A server on the far host.
struct FarServer {
    FarServer() {
        hosts.on_far_host([&] {
            server.emplace(PostgresServer::Sync::on, "listen_addresses = '*'\n");
            (void)server->make_database(database);
        });
    }
    [[nodiscard]] static std::string url(const std::string& parameters = "") {
        return std::string("postgresql://orders@") + TwoHosts::far_address + "/" + database +
               parameters;
    }
    TwoHosts hosts;
    std::optional<PostgresServer> server;
};

// Once in ten times longer than a connection is believed in.
void cut(TwoHosts& hosts, std::mt19937& random, int number) {
    const bool is_long = is_long_form() && number % 10 == 0;
    const auto time = std::chrono::milliseconds(is_long ? any_of(random, 8'000, 15'000)
                                                        : any_of(random, 1, 1'000));
    const int how = any_of(random, 0, 4);
    if (how < 2) {
        const auto end = how == 0 ? TwoHosts::End::near : TwoHosts::End::far;
        hosts.unplug(end);
        std::this_thread::sleep_for(time);
        hosts.plug_in(end);
    } else {
        hosts.lose(
            std::array{Way::there, Way::back, Way::both}.at(static_cast<std::size_t>(how - 2)));
        std::this_thread::sleep_for(time);
        hosts.pass_all();
    }
}

}  // namespace

TEST_CASE("postgres_two_hosts: nothing is lost and nothing done twice, however the cable is cut") {
    if (is_missing()) return;
    std::mt19937 random = seeded_random();
    FarServer far;
    Storm storm(random);
    storm.processes.set("DATABASE_URL", FarServer::url());
    storm.start_first_api();
    record_wrong_steps(*far.server, database);
    storm.start_workers();
    OrderClients clients(4, "client", random, [&] { return storm.processes.port(); });
    const int cuts = dose(5, 100);
    for (int number = 1; number <= cuts; ++number) {
        cut(far.hosts, random, number);
        // It recovers by itself.
        const std::size_t before = clients.log().acknowledged.size();
        eventually(patience, [&] { return clients.log().acknowledged.size() > before + 5; });
    }
    const ClientLog log = clients.stop();
    check_after_storm(*far.server, database, storm, log);
    std::cout << "cuts between two hosts: " << cuts << ", " << log.acknowledged.size()
              << " orders acknowledged, " << log.maybe.size() << " perhaps, " << log.refused.size()
              << " refused; the longest answer took " << log.longest.count() << " ms" << std::endl;
}

// The long form goes by the times that hold unless the URL says otherwise.
TEST_CASE("postgres_two_hosts: while nothing goes one way, requests are answered all the same") {
    if (is_missing()) return;
    FarServer far;
    OrderProcesses processes;
    processes.set("DATABASE_URL",
                  FarServer::url(is_long_form() ? ""
                                                : "?connect_timeout=2&tcp_user_timeout=2000"
                                                  "&keepalives_idle=1&keepalives_interval=1"));
    processes.start_api();
    processes.start_worker();
    std::chrono::milliseconds longest{0};
    std::map<Way, std::string> ways{{Way::back, "back"}};
    if (is_long_form()) ways.emplace(Way::there, "there");
    for (const auto& [way, name] : ways) {
        const std::string order = "order-" + name;
        processes.submit(order_json(order));
        CHECK_EQ(processes.finished_order(order).at("status"), "Processed");
        far.hosts.lose(way);
        // Each of a connection of its own: one does not wait for the other.
        std::vector<std::future<int>> statuses;
        const auto begin = std::chrono::steady_clock::now();
        for (const HttpCall& call : {HttpCall{"GET", "/api/v1/orders/" + order},
                                     HttpCall{"POST",
                                              "/api/v1/orders",
                                              {{"Content-Type", "application/json"}},
                                              order_json("meanwhile-" + order).dump()}}) {
            statuses.push_back(std::async(std::launch::async, [&processes, call] {
                return status_of(processes.client().attempt(call));
            }));
        }
        for (std::future<int>& status : statuses) CHECK_EQ(status.get(), 503);
        longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - begin));
        HttpClient http = processes.client();
        CHECK_EQ(status_of(http.attempt({"GET", "/readyz"})), 503);
        far.hosts.pass_all();
        eventually(patience, [&] { return status_of(http.attempt({"GET", "/readyz"})) == 200; });
        processes.submit(order_json("after-" + order));
        CHECK_EQ(processes.finished_order("after-" + order).at("status"), "Processed");
    }
    std::cout << "while nothing went one way, each request was answered with 503 within "
              << longest.count() << " ms" << std::endl;
}

}  // namespace orders::test

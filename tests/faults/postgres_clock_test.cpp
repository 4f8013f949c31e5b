// A PostgreSQL server whose clock is set, or which is followed by one with another clock: leases
// and due times go by it, so some end early and some late; but no order ends twice, none is lost,
// and none is begun before its time by the clock of then.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/faults/model_check.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_home.h"

namespace orders::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// An API, and what tells the time in the schema is set as the test says.
struct SetClock {
    SetClock() {
        processes.set("SERVICE_LEASE_SECONDS", "5");
        start_recorded_api(processes);
        run_sql(
            processes.database(),
            "CREATE TABLE public.clock (ahead bigint); INSERT INTO public.clock VALUES (0);"
            "CREATE OR REPLACE FUNCTION orders.now_ms() RETURNS bigint LANGUAGE sql STABLE"
            " PARALLEL SAFE AS $$ SELECT floor(date_part('epoch', now()) * 1000)::bigint + ahead"
            " FROM public.clock $$");
    }
    void set(std::chrono::milliseconds ahead) {
        run_sql(processes.database(),
                "UPDATE public.clock SET ahead = " + std::to_string(ahead.count()));
    }
    [[nodiscard]] json wait_until_in_work(const std::string& id, int attempt) {
        return eventually(
            patience, [&] { return processes.order(id); },
            [&](const json& order) {
                return order["status"] == "Processing" && order["attempts"] == attempt;
            });
    }

    OrderProcesses processes;
};

const OrderProcesses::Flags slow{"--time-unit-ms", "2000", "--worker-count", "1"};

}  // namespace

TEST_CASE("postgres_clock: set ahead, it takes orders from workers, who then end none of them") {
    SetClock clock;
    OrderProcesses& processes = clock.processes;
    processes.start_worker(slow);
    processes.submit(order_json("held"));
    (void)clock.wait_until_in_work("held", 1);
    clock.set(1h);
    // Its worker's lease is over; whoever gets the order, it ends once.
    const json order = processes.finished_order("held");
    CHECK_EQ(order["status"], "Processed");
    processes.submit(order_json("after"));
    CHECK_EQ(processes.finished_order("after")["attempts"], 1);
    processes.stop_all();
    check_promises(evidence_of(processes, {"held", "after"}));
}

TEST_CASE("postgres_clock: set back, it keeps what is due waiting, and all else goes on") {
    SetClock clock;
    OrderProcesses& processes = clock.processes;
    clock.set(1h);
    processes.start_worker(slow);
    processes.submit(order_json("held"));
    json later = order_json("later");
    later["delay_seconds"] = 1;
    processes.submit(later);
    (void)clock.wait_until_in_work("held", 1);
    clock.set(0h);
    CHECK_EQ(processes.finished_order("held")["attempts"], 1);
    processes.submit(order_json("after"));
    CHECK_EQ(processes.finished_order("after")["attempts"], 1);
    CHECK_EQ(processes.order("later")["waiting_for"], "time");
    // Once the clock is right again, it is due.
    clock.set(1h + 1s);
    CHECK_EQ(processes.finished_order("later")["attempts"], 1);
    processes.stop_all();
    check_promises(evidence_of(processes, {"held", "after", "later"}));
}

TEST_CASE("postgres_clock: set back, a dead worker's order is back once its lease is over by it") {
    SetClock clock;
    OrderProcesses& processes = clock.processes;
    clock.set(10s);
    ChildProcess& doomed = processes.start_worker(slow);
    processes.submit(order_json("orphan"));
    (void)clock.wait_until_in_work("orphan", 1);
    doomed.kill();
    clock.set(0s);
    processes.start_worker();
    const json order = processes.finished_order("orphan");
    CHECK_EQ(order["attempts"], 2);
    processes.stop_all();
    check_promises(evidence_of(processes, {"orphan"}));
}

TEST_CASE("postgres_clock: it jumps to and fro under a worker that comes back too late") {
    SetClock clock;
    OrderProcesses& processes = clock.processes;
    ChildProcess& halted = processes.start_worker(slow);
    processes.submit(order_json("contested"));
    (void)clock.wait_until_in_work("contested", 1);
    halt_between_writes(halted, processes.database());
    clock.set(1h);
    processes.start_worker();
    const json order = processes.finished_order("contested");
    CHECK_EQ(order["attempts"], 2);
    clock.set(0h);
    halted.signal(SIGCONT);
    halted.wait_for_line(" lease lost ", patience);
    CHECK_EQ(processes.order("contested"), order);
    processes.stop_all();
    check_promises(evidence_of(processes, {"contested"}));
}

}  // namespace orders::test

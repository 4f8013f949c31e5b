// New clients beside a thousand that say nothing and two hundred that speak slowly: how long they
// wait for their answer, and what the others cost.

#include <thread>
#include <vector>

#include "tests/bench/drain.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/slow_clients.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

constexpr int idle_clients = 1'000;
constexpr std::size_t slow_clients = 200;

class IdleClients {
   public:
    explicit IdleClients(int port) {
        for (int i = 0; i < idle_clients; ++i) {
            const auto& client = clients_.emplace_back(port);
            if (!client.is_open()) throw BenchFailure("a connection was refused");
        }
        for (test::RawConnection& client : clients_) {
            client.send(test::to_bytes({.target = "/livez"}));
            const auto answer = client.read_answer(std::chrono::seconds(5));
            if (test::status_of(answer) != 200) throw BenchFailure("/livez was not answered");
        }
    }

   private:
    std::vector<test::RawConnection> clients_;
};

double percent_of_a_core(const ServiceProcess& process, std::chrono::seconds duration) {
    const auto begin = SteadyClock::now();
    const Seconds before = process.cpu_time();
    std::this_thread::sleep_for(duration);
    const Seconds cpu = process.cpu_time() - before;
    return 100 * (cpu / Seconds(SteadyClock::now() - begin));
}

Figures meet_newcomers(int port, int newcomers) {
    Latencies latencies;
    OrderIds ids(new_id_run(IdKind::time_ordered));
    for (int i = 0; i < newcomers; ++i) {
        const std::string request =
            test::to_bytes({.method = "POST",
                            .target = "/api/v1/orders",
                            .headers = {{"Content-Type", "application/json"}},
                            .body = R"({"order_id":")" + ids.next() +
                                    R"(","priority":"Normal","processing_time":1})"});
        const auto begin = SteadyClock::now();
        test::RawConnection client(port);
        client.send(request);
        const auto answer = client.read_answer(std::chrono::seconds(5));
        latencies.add(SteadyClock::now() - begin);
        if (test::status_of(answer) != 200) throw BenchFailure("a newcomer's order was not taken");
    }
    return latencies.figures();
}

}  // namespace

void measure_newcomers(const Settings& settings, Report& report) {
    constexpr Microseconds time_goal = std::chrono::milliseconds(20);
    constexpr double memory_goal = 200;
    constexpr double cpu_goal = 0.5;
    const int newcomers = settings.pick(500, 50);
    // As long as a slow client gets, so that the server throws out as many in each stretch.
    const std::chrono::seconds watched(settings.pick(10, 1));
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());

    const SlowClients slow(api.port(), slow_clients);
    double slow_only = percent_of_a_core(api, watched);
    double with_idle = 0;
    double memory = 0;
    Figures times;
    {
        const IdleClients idle(api.port());
        with_idle = percent_of_a_core(api, watched);
        times = meet_newcomers(api.port(), newcomers);
        memory = api.resident_mebibytes();
    }
    // Before and after, in case the machine has become quicker or slower.
    slow_only = (slow_only + percent_of_a_core(api, watched)) / 2;
    if (slow.surprises() > 0) throw BenchFailure("slow clients were refused or answered wrongly");
    api.stop();
    if (Progress(directory.location()).unfinished() != newcomers) {
        throw BenchFailure("an order was lost");
    }

    report.add(Line{.row = "newcomers",
                    .goal = "p99 of connect, create and answer at most " + time_text(time_goal),
                    .measured = time_text(times.p99) + ", max " + time_text(times.max),
                    .is_met = times.p99 <= time_goal,
                    .ours = text_of(times)});
    report.add(Line{.row = "",
                    .goal = "memory of order-api under 200 MiB",
                    .measured = number_text(memory, 1) + " MiB",
                    .is_met = memory < memory_goal});
    report.add(Line{.row = "",
                    .goal = "1,000 idle clients cost no CPU (at most 0.5 % of a core)",
                    .measured = number_text(with_idle - slow_only, 1) + " %",
                    .is_met = with_idle - slow_only <= cpu_goal,
                    .ours = "with them " + number_text(with_idle, 1) + " %",
                    .reference = "200 slow ones only: " + number_text(slow_only, 1) + " %"});
}

}  // namespace orders::bench

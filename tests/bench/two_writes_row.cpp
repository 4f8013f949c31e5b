// Requests whose head and body come in two writes of a client that leaves TCP_NODELAY off, as many
// HTTP libraries do: the client's kernel sends the second only when the first is acknowledged.

#include <string>

#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

// It is no order and is refused, so that no disk is waited for.
const std::string body = R"({"not":"orders"})";
const std::string head =
    "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Content-Length: " +
    std::to_string(body.size()) + "\r\n\r\n";
constexpr int status_of_refusal = 400;

enum class Writes { one, two };

Figures time_requests(int port, Writes writes, int requests) {
    test::RawConnection client(port);
    client.gather_small_writes();
    Latencies latencies;
    for (int i = 0; i < requests; ++i) {
        const auto begin = SteadyClock::now();
        client.send(writes == Writes::two ? head : head + body);
        if (writes == Writes::two) client.send(body);
        const auto answer = client.read_answer(std::chrono::seconds(5));
        latencies.add(SteadyClock::now() - begin);
        if (test::status_of(answer) != status_of_refusal) {
            throw BenchFailure("a request was not answered as it should be");
        }
    }
    return latencies.figures();
}

}  // namespace

void measure_two_writes(const Settings& settings, Report& report) {
    constexpr Microseconds goal = std::chrono::microseconds(500);
    const int requests = settings.pick(2'000, 50);
    const StoreDirectory directory;
    ServiceProcess api = start_api(directory.location());
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return time_requests(api.port(), Writes::two, requests); },
        [&] { return time_requests(api.port(), Writes::one, requests); });
    api.stop();

    const Figures in_two = median(comparison.ours);
    report.add(Line{.row = "two-writes",
                    .goal = "a request in two writes: p50 at most " + time_text(goal),
                    .measured = time_text(in_two.p50),
                    .is_met = in_two.p50 <= goal,
                    .ours = text_of(in_two),
                    .reference = "in one write: " + text_of(median(comparison.reference))});
}

}  // namespace orders::bench

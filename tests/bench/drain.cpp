#include "tests/bench/drain.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/support/http_client.h"

namespace orders::bench {
namespace {

constexpr std::int64_t orders_per_commit = 1'000;

std::string text_of(const Extras& extras) {
    std::string text;
    if (extras.payload_bytes > 0) {
        const auto length = static_cast<std::size_t>(extras.payload_bytes) - 2;
        text += R"(,"payload":")" + std::string(length, 'x') + '"';
    }
    if (!extras.not_before.empty()) text += R"(,"not_before":")" + extras.not_before + '"';
    return text;
}

// A look costs a server something that is measured, too: there are few while much is left.
Seconds pause_before_look(Seconds so_far, std::int64_t done, std::int64_t left) {
    constexpr Seconds shortest = std::chrono::milliseconds(10);
    constexpr Seconds longest = std::chrono::milliseconds(250);
    if (done <= 0) return shortest;
    const Seconds left_for = so_far * (static_cast<double>(left) / static_cast<double>(done));
    return std::clamp(left_for / 4, shortest, longest);
}

}  // namespace

void submit_orders(IntakeStore& store, const IdRun& run, std::int64_t orders) {
    OrderIds ids(run);
    for (std::int64_t done = 0; done < orders; done += orders_per_commit) {
        std::vector<NewOrder> group;
        const auto size = std::min(orders_per_commit, orders - done);
        for (std::int64_t i = 0; i < size; ++i) {
            group.push_back({{.order_id = OrderId::parse(ids.next()).value(),
                              .priority = i % 2 == 0 ? Priority::normal : Priority::high,
                              .processing_time = ProcessingTime::parse(1).value()}});
        }
        (void)store.begin()->commit({.creates = {group}});
        store.tidy();
    }
}

void submit_orders(const std::string& location, const IdRun& run, std::int64_t orders,
                   const Build& build, const Extras& extras) {
    ServiceProcess api = start_api(location, build);
    test::HttpClient client(api.port());
    OrderIds ids(run);
    const std::string end = text_of(extras) + "}";
    for (std::int64_t done = 0; done < orders; done += orders_per_commit) {
        std::string body = R"({"orders":[)";
        const auto size = std::min(orders_per_commit, orders - done);
        for (std::int64_t i = 0; i < size; ++i) {
            if (i > 0) body += ',';
            body += R"({"order_id":")";
            body += ids.next();
            body += i % 2 == 0 ? R"(","priority":"Normal","processing_time":1)"
                               : R"(","priority":"High","processing_time":1)";
            body += end;
        }
        body += "]}";
        if (client.post("/api/v1/orders/batch", body).status != 200) {
            throw BenchFailure("a batch was not taken");
        }
    }
    api.stop();
}

void Progress::wait_until_all_finished() {
    const auto begin = SteadyClock::now();
    const std::int64_t at_first = unfinished();
    for (std::int64_t left = at_first; left > 0; left = unfinished()) {
        const auto so_far = SteadyClock::now() - begin;
        if (so_far > std::chrono::minutes(10)) {
            throw BenchFailure("orders were not finished in time");
        }
        std::this_thread::sleep_for(pause_before_look(so_far, at_first - left, left));
    }
}

double drain(const std::string& location, const Build& build, int workers) {
    Progress progress(location);
    const auto orders = static_cast<double>(progress.unfinished());
    const auto begin = SteadyClock::now();
    std::deque<ServiceProcess> running;
    for (int started = 0; started < workers; ++started) {
        running.emplace_back(worker_program(location, drain_threads, build));
    }
    progress.wait_until_all_finished();
    const Seconds taken = SteadyClock::now() - begin;
    for (ServiceProcess& worker : running) worker.stop();
    return orders / taken.count();
}

}  // namespace orders::bench

#pragma once

// What the server counts of its traffic, for whoever reports on it (shared/metrics). It counts a
// request under its route, never under its path, which clients make up.
//
// For any thread, once all routes have been added.

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "shared/metrics/bounds.h"
#include "shared/metrics/instruments.h"
#include "shared/os/steady_time.h"

namespace orders::http {

// In the order of label::connection_states.
enum class ConnectionState { idle, receiving, answering, streaming };
inline constexpr std::size_t connection_states = 4;

// In the order of label::http_refusals.
enum class TurnedAway { framing, too_large, timeout, unauthorized, connections, memory };
inline constexpr std::size_t reasons_to_turn_away = 6;

// The answers of one route.
struct RouteTraffic {
    static constexpr int least_status = 100;
    static constexpr int most_status = 599;

    explicit RouteTraffic(std::string route) : name(std::move(route)) {}

    [[nodiscard]] Counter& answers(int status) noexcept {
        return by_status.at(static_cast<std::size_t>(status - least_status));
    }

    const std::string name;  // "GET /livez"
    std::array<Counter, most_status - least_status + 1> by_status;
    Histogram durations{metric::latency_bounds};
};

class Traffic {
   public:
    Traffic() { (void)add_route("other"); }
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // The one of that name, made if there is none yet. One thread, before any request is answered.
    [[nodiscard]] RouteTraffic& add_route(std::string name) {
        for (RouteTraffic& known : routes_) {
            if (known.name == name) return known;
        }
        return routes_.emplace_back(std::move(name));
    }

    [[nodiscard]] RouteTraffic& other() noexcept { return routes_.front(); }
    [[nodiscard]] const std::deque<RouteTraffic>& routes() const noexcept { return routes_; }

    void turn_away(TurnedAway reason) noexcept {
        turned_away[static_cast<std::size_t>(reason)].add();
    }

    Level in_flight;
    std::array<Level, connection_states> connections;
    std::array<Counter, reasons_to_turn_away> turned_away;
    Counter received_bytes;
    Counter sent_bytes;

   private:
    std::deque<RouteTraffic> routes_;  // the first is for requests that no route takes
};

// What is counted of one request, between its arrival and its answer. Belongs to whoever holds the
// request's reply.
class RequestCount {
   public:
    void begin(Traffic& traffic) noexcept {
        traffic_ = &traffic;
        route_ = &traffic.other();
        began_ = std::chrono::steady_clock::now();
        is_timed_ = true;
        traffic.in_flight.add(1);
    }
    void note_route(RouteTraffic& route) noexcept { route_ = &route; }
    // How long the answer takes says nothing of the server.
    void leave_out_time() noexcept { is_timed_ = false; }
    void end(int status) {
        traffic_->in_flight.add(-1);
        route_->answers(status).add();
        if (is_timed_) route_->durations.observe(std::chrono::steady_clock::now() - began_);
    }

   private:
    Traffic* traffic_ = nullptr;
    RouteTraffic* route_ = nullptr;
    SteadyTime began_{};
    bool is_timed_ = true;
};

}  // namespace orders::http

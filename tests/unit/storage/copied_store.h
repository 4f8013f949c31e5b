#pragma once

// Places for the two ends of a copy, in each backend that there is here, and a store that has every
// sort of order.

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/storage/copying/copy_orders.h"
#include "shared/storage/open_storage.h"
#include "tests/store_contract/store_user.h"
#include "tests/support/temp_dir.h"
#ifdef ORDERS_POSTGRES
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/server_url.h"
#include "tests/support/postgres_server.h"
#endif

namespace orders::test {

enum class Backend { sqlite, postgres };

// Where a store may be; there is none yet.
class StorePlace {
   public:
    explicit StorePlace(Backend backend) : backend_(backend) {
        if (backend == Backend::sqlite) location_ = directory_.file("orders.db");
#ifdef ORDERS_POSTGRES
        static int databases = 0;
        if (backend == Backend::postgres) {
            location_ =
                common_postgres_server().make_database("copied_" + std::to_string(++databases));
        }
#endif
    }

    [[nodiscard]] const std::string& location() const noexcept {
        return location_;
    }
    [[nodiscard]] std::unique_ptr<Storage> open() const {
        return open_storage(location_);
    }

    // Workers that are gone, and whose process nobody asks for any more, live no longer.
    void forget_dead_workers() const {
#ifdef ORDERS_POSTGRES
        if (backend_ != Backend::postgres) return;
        postgres::Connection(postgres::ServerUrl::parse(location_).value())
            .run(
                "UPDATE orders.workers SET heartbeat_until = orders.now_ms() - 1"
                " WHERE NOT pulls AND heartbeat_until IS NOT NULL");
#endif
    }

   private:
    [[maybe_unused]] const Backend backend_;
    TempDir directory_;
    std::string location_;
};

struct Direction {
    Backend from;
    Backend to;
};

// Calls `test` for each direction that can be tried here.
inline void in_all_directions(const std::function<void(const Direction&)>& test) {
    std::vector<Direction> directions{{Backend::sqlite, Backend::sqlite}};
#ifdef ORDERS_POSTGRES
    if (PostgresServer::is_available()) {
        directions.push_back({Backend::sqlite, Backend::postgres});
        directions.push_back({Backend::postgres, Backend::sqlite});
        directions.push_back({Backend::postgres, Backend::postgres});
    }
#endif
    for (const Direction& direction : directions) {
        const std::string from = direction.from == Backend::sqlite ? "SQLite" : "PostgreSQL";
        const std::string to = direction.to == Backend::sqlite ? "SQLite" : "PostgreSQL";
        INFO("from " << from << " to " << to);
        test(direction);
    }
}

inline CopyResult copy(const StorePlace& from, const StorePlace& to) {
    const auto source = from.open()->open_copy_end(CopyRole::source);
    const auto target = to.open()->open_copy_end(CopyRole::target);
    return copy_orders({*source, "here"}, {*target, "there"}, [](const CopyProgress&) {});
}

inline void reopen(const StorePlace& place) {
    orders::reopen({*place.open()->open_copy_end(CopyRole::source), "here"});
}

// Every sort of order, and where the two are that are in work when their workers die.
struct FilledStore {
    Lease held;
    Lease pulled;
};

inline FilledStore fill(const StorePlace& place) {
    FilledStore filled;
    {
        const auto storage = place.open();
        StoreUser user(*storage);
        const UtcTime later = user.reader().report().taken_at + 1h;
        const WorkerId worker = user.enlist("worker-1", "label");
        const auto claim_one = [&] { return user.claim(worker, 1).at(0).lease; };

        user.submit(an_order("result").carrying("{\"text\": \"ü\\u0000\"}").fingerprinted(7));
        user.settle(claim_one(), Completed{json_text("[1, 2]")});
        user.submit(an_order("failed").with({.timeout = 3s, .max_attempts = 2, .backoff = 9s}));
        user.settle(claim_one(), Failure{"bad", std::string("a \0 and \xff", 9)});
        user.submit(an_order("another-round"));
        user.settle(claim_one(), Failure{"bad", "detail"});
        user.submit(an_order("again"));
        user.settle(claim_one(), Retry{"busy", "not now"});
        user.submit(an_order("cancelled-in-work"));
        (void)claim_one();
        user.cancel("cancelled-in-work");
        user.submit(an_order("cancelled"));
        user.cancel("cancelled");
        user.submit(an_order("released"));
        user.release(claim_one());
        filled.held = claim_one();  // "released" once more
        user.submit(an_order("pulled").of_kind("mail").with({.timeout = 600s}));
        const OrderAction pull =
            PullOrders{.worker = "py-1",
                       .lease_time = 300s,
                       .claim = {.limit = 1, .shares = {{.kinds = {{a_kind("mail")}}}}}};
        filled.pulled = std::get<Pulled>(user.act(pull)).orders.at(0).lease;

        user.submit(an_order("back-1"));
        user.submit(an_order("back-2").high());
        for (int number = 0; number < 9; ++number) {
            const std::string id = "queued-" + std::to_string(number);
            user.submit(number % 3 == 0 ? an_order(id).high() : an_order(id));
        }
        user.submit(an_order("later").due(later).carrying("7").fingerprinted(8));
        user.submit(an_order("later-cancelled").due(later));
        user.cancel("later-cancelled");
        user.submit(an_order("at-once").due(later - 2h).to_begin_before(later));
        user.submit(an_order("moved-up").due(later));
        user.change("moved-up", {.due = std::optional<DueTime>()});
        user.submit(an_order("made-high"));
        user.change("made-high", {.priority = Priority::high, .max_attempts = 7});
        user.submit(an_order("of-paused-kind").of_kind("slow"));
        user.pause("slow");
        user.submit(an_order("traced").traced(
            {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b, c=d"}));
        user.act(CancelOrder{order_id("traced"), "ann"});
        user.act(RetryOrder{order_id("traced"), "bob"});
        user.submit(an_order("newest"));
        for (const char* const id : {"another-round", "back-1", "back-2"}) {
            user.cancel(id);
            user.retry(id);
        }
    }
    place.forget_dead_workers();
    return filled;
}

inline constexpr int filled_orders = 27;

}  // namespace orders::test

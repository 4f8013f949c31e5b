// What arrives of orders that are moved to another store: all that they have, in whichever backend
// and direction. The orders are looked at as clients and workers see them, besides the copy's own
// checks.

#include "shared/storage/copying/copy_orders.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/storage/copying/tally.h"
#include "shared/storage/store_error.h"
#include "tests/unit/storage/copied_store.h"

namespace orders::test {
namespace {

using Ids = std::vector<std::string>;

template <typename T>
void show(std::ostream& out, const std::optional<T>& value) {
    if (value) out << *value;
    out << '|';
}
std::optional<std::string> shown(const std::optional<UtcTime>& time) {
    if (!time) return std::nullopt;
    return to_rfc3339(*time);
}

// All that is known of it.
std::string text_of(const Order& order) {
    std::ostringstream out;
    out << order.spec.order_id.text() << '|' << to_string(order.spec.priority) << '|'
        << order.spec.processing_time.units() << '|' << order.spec.kind.name() << '|'
        << to_string(order.status) << '|' << order.attempts << '|' << to_rfc3339(order.created_at)
        << '|' << order.is_waiting_for_time << '|';
    for (const auto& time :
         {order.due_at, order.started_at, order.finished_at, order.spec.start_before}) {
        show(out, shown(time));
    }
    const AttemptOptions& options = order.spec.options;
    out << (options.timeout ? options.timeout->count() : -1) << '|'
        << (options.backoff ? options.backoff->count() : -1) << '|';
    show(out, options.max_attempts);
    for (const auto& text : {order.worker, order.failure}) show(out, text);
    out << (order.spec.payload ? *order.spec.payload : "none") << '|'
        << (order.result ? *order.result : "none") << '|';
    for (const PastAttempt& attempt : order.history) {
        out << attempt.token << ' ' << attempt.worker << ' ' << to_rfc3339(attempt.started_at)
            << ' ' << to_rfc3339(attempt.ended_at) << ' ' << to_string(attempt.outcome) << ' ';
        show(out, attempt.reason);
        show(out, attempt.detail);
    }
    if (order.spec.trace) out << order.spec.trace->parent << ' ' << order.spec.trace->state << '|';
    for (const PastAction& action : order.actions) {
        out << to_rfc3339(action.at) << ' ' << to_string(action.what) << ' ' << action.name << '|';
    }
    return out.str();
}

// Newest first.
std::vector<std::string> texts_of(OrderReader& reader) {
    std::vector<std::string> texts;
    for (const Order& order : list_all(reader, {.limit = 100})) {
        texts.push_back(text_of(reader.find(order.spec.order_id).value()));
    }
    return texts;
}

// Whom a worker would do next, to the end; of what has been there for so long.
Ids claimed_from(StoreUser& user) {
    Ids ids;
    const WorkerId worker = user.enlist("worker-2");
    for (;;) {
        const auto claimed = user.claim(worker, 3);
        if (claimed.empty()) return ids;
        std::ranges::move(ids_of(claimed), std::back_inserter(ids));
        user.settle(claimed);
    }
}

void check_refused(const StorePlace& place, const std::string& words) {
    try {
        (void)place.open()->open_intake();
        FAIL_CHECK("it was opened");
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        CHECK(std::string(error.what()).find(words) != std::string::npos);
    }
}

void check_not_copied(const StorePlace& from, const StorePlace& to, const std::string& words) {
    try {
        (void)copy(from, to);
        FAIL_CHECK("it was copied");
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        CHECK_MESSAGE(std::string(error.what()).find(words) != std::string::npos, error.what());
    }
}

}  // namespace

TEST_CASE("copy: every order is there afterwards with all that it has") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        const StoreIdentity before = from.open()->open_reader()->identity();
        const CopyResult result = copy(from, to);
        CHECK(result.copied == filled_orders);
        const auto source = from.open();
        const auto target = to.open();
        StoreUser user(*target);
        CHECK(texts_of(user.reader()).size() == filled_orders);
        CHECK(texts_of(user.reader()) == texts_of(*source->open_reader()));
        CHECK(target->verify().examples == Ids{});
        check_counts(user.reader());
        CHECK(user.counts() == result.orders);
        CHECK(user.counts().processing == 0);
        // The same store, in which no lease of before fits.
        CHECK(user.reader().identity().store_id == before.store_id);
        CHECK(user.reader().identity().incarnation != before.incarnation);
        for (const KindReport& kind : user.reader().report().kinds) {
            CHECK(kind.is_paused == (kind.kind == a_kind("slow")));
        }
    });
}

TEST_CASE("copy: what was in work is Pending again, not charged, and its lease is void") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        const FilledStore filled = fill(from);
        (void)copy(from, to);
        const auto storage = to.open();
        StoreUser user(*storage);
        for (const char* const id : {"released", "pulled"}) {
            const Order order = user.find(id);
            CHECK(order.status == OrderStatus::pending);
            CHECK(order.attempts == 0);
            CHECK(order.history.back().outcome == PastAttempt::Outcome::released);
        }
        for (const bool is_claimed_again : {false, true}) {
            if (is_claimed_again) CHECK(user.claim(user.enlist("worker-3"), 99).size() > 10);
            for (const Lease& lease : {filled.held, filled.pulled}) {
                CHECK(user.settle(lease) == SettleOutcome::lease_lost);
                CHECK_FALSE(user.release(lease));
            }
        }
    });
}

TEST_CASE("copy: orders are claimed as they would have been, and before all that come later") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        (void)copy(from, to);
        reopen(from);
        const auto source = from.open();
        const auto target = to.open();
        StoreUser here(*source);
        StoreUser there(*target);
        for (StoreUser* const user : {&here, &there}) {
            user->submit(an_order("new-1"));
            user->submit(an_order("new-2").high());
            user->cancel("queued-4");
            user->retry("queued-4");
        }
        const Ids claimed = claimed_from(there);
        CHECK(claimed == claimed_from(here));
        CHECK(claimed == Ids{"queued-0", "queued-3", "queued-6",      "made-high", "back-2",
                             "new-2",    "released", "pulled",        "queued-1",  "queued-2",
                             "queued-5", "queued-7", "queued-8",      "at-once",   "moved-up",
                             "traced",   "newest",   "another-round", "back-1",    "new-1",
                             "queued-4"});
        CHECK(target->verify().examples == Ids{});
        // Numbers go on: what is new is newer than what was.
        CHECK(ids_of(there.reader().list({.limit = 2}).orders) == Ids{"new-2", "new-1"});
    });
}

TEST_CASE("copy: what waits, and what is tried again, goes its way afterwards") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        (void)copy(from, to);
        const auto storage = to.open();
        StoreUser user(*storage);
        // It had never been in the queue, so it waits for its time.
        user.retry("later-cancelled");
        CHECK(user.find("later-cancelled").is_waiting_for_time);
        user.change("later", {.due = std::optional<DueTime>()});
        CHECK_FALSE(user.find("later").is_waiting_for_time);
        user.change("again", {.due = std::optional<DueTime>()});
        // A create that is sent again is known by its fingerprint.
        const auto sent_again =
            user.submit({an_order("result").carrying("1").fingerprinted(7)}).at(0);
        CHECK_FALSE(std::holds_alternative<Created>(sent_again));
        user.retry("cancelled-in-work");
        const Ids claimed = claimed_from(user);
        CHECK(Ids(claimed.end() - 3, claimed.end()) == Ids{"later", "again", "cancelled-in-work"});
        CHECK(user.find("again").attempts == 2);
        CHECK(storage->verify().examples == Ids{});
    });
}

TEST_CASE("copy: there and back again, the checksum is the same") {
    in_all_directions([](const Direction& direction) {
        const StorePlace first(direction.from);
        const StorePlace second(direction.to);
        const StorePlace third(direction.from);
        const StorePlace fourth(direction.to);
        (void)fill(first);
        const std::uint64_t checksum = copy(first, second).checksum;
        CHECK(copy(second, third).checksum == checksum);
        CHECK(copy(third, fourth).checksum == checksum);
    });
}

TEST_CASE("copy: a store without orders is copied, too") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)from.open()->open_intake();
        (void)to.open()->open_intake();  // one that was made ready already
        CHECK(copy(from, to).copied == 0);
        const auto storage = to.open();
        StoreUser user(*storage);
        CHECK(user.submit(an_order("first")));
        CHECK(claimed_from(user) == Ids{"first"});
    });
}

TEST_CASE("copy: it is refused if there are orders at the target, and the source stays open") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        {
            const auto storage = to.open();
            CHECK(StoreUser(*storage).submit(an_order("mine")));
        }
        check_not_copied(from, to, "there are orders in it");
        CHECK_NOTHROW((void)from.open()->open_intake());
        CHECK_NOTHROW((void)to.open()->open_intake());
    });
}

TEST_CASE("copy: it is refused while a program has either end open") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        for (const StorePlace* const place : {&from, &to}) {
            const auto storage = place->open();
            const auto intake = storage->open_intake();
            const auto reader = storage->open_reader();
            (void)reader->report();
            if (place == &to) (void)intake->begin()->level();
            check_not_copied(from, to, "a program has it open");
        }
        CHECK(copy(from, to).copied == 0);
    });
}

TEST_CASE("copy: no program opens the source any more, unless it is reopened") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        const StoreIdentity before = from.open()->open_reader()->identity();
        (void)copy(from, to);
        check_refused(from, "its orders were moved to there");
        CHECK_THROWS_AS((void)from.open()->open_worker(), StoreError);
        CHECK_THROWS_AS((void)from.open()->open_housekeeping(), StoreError);
        CHECK(copy(from, to).was_finished);
        const StorePlace elsewhere(direction.to);
        check_not_copied(from, elsewhere, "its orders were moved to there");
        CHECK_THROWS_AS(reopen(to), StoreError);  // it is not closed
        reopen(from);
        const auto storage = from.open();
        StoreUser user(*storage);
        CHECK(user.reader().identity().store_id == before.store_id);
        CHECK(user.reader().identity().incarnation != before.incarnation);
        CHECK(storage->verify().examples == Ids{});
    });
}

#ifdef ORDERS_POSTGRES
TEST_CASE("copy: a program that cannot be seen writes nothing to the source any more") {
    if (!PostgresServer::is_available()) return;
    const StorePlace from(Backend::postgres);
    const StorePlace to(Backend::sqlite);
    const auto hidden = open_storage(from.location() + "?application_name=hidden");
    StoreUser user(*hidden);
    user.submit(an_order("before"));
    CHECK(copy(from, to).copied == 1);
    try {
        user.submit(an_order("after"));
        FAIL_CHECK("it was stored");
    } catch (const StoreError& error) {
        CHECK(error.is_fatal());
        CHECK(std::string(error.what()).find("the orders were moved to there") !=
              std::string::npos);
    }
    CHECK_FALSE(user.is_there("after"));
}
#endif

TEST_CASE("copy: tallies that differ say where") {
    const Tally one{.orders = {{{0, 0, 1}, 5}, {{2, 3, 0}, 1}}, .checksum = 7};
    CHECK(difference(one, one) == std::nullopt);
    Tally other = one;
    other.checksum = 8;
    CHECK(difference(one, other) == "has as many orders, but its checksum is another one");
    --other.orders.begin()->second;
    CHECK(difference(one, other) == "has 1 orders too few of kind 0, Normal Pending");
    CHECK(difference(other, one) == "has 1 orders too many of kind 0, Normal Pending");
    CHECK(difference(one, {}) == "has 5 orders too few of kind 0, Normal Pending");
}

}  // namespace orders::test

// What lies beside the orders: rows only for those that have something, and how much it is.

#include "shared/storage/sqlite/order_content.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;
using test::an_order;

struct ContentOfOne {
    ContentOfOne() {
        access.connection().execute(
            "INSERT INTO workers (id, name, host, threads, started_at, boot_id)"
            " VALUES (7, 'w', 'h', 1, 0, 'b');"
            "INSERT INTO orders (seq, order_id, priority, processing_time, created_at)"
            " VALUES (1, 'a', 0, 1, 0)");
    }
    template <typename Action>
    void write(Action action) {
        WriteTransaction work(access);
        action(work);
        work.commit();
    }
    std::int64_t get(Sql sql) { return number(access.connection(), sql); }
    std::int64_t kept_bytes() { return get("SELECT content_bytes FROM bookkeeping"); }

    test::TempDir directory;
    test::ManualClock clock;
    WriteAccess access{directory.file("orders.db"), clock};
    OrderContent content{access.connection()};
};

constexpr OrderSequence order{1};

}  // namespace

TEST_CASE("order_content: an order that carries nothing has no rows") {
    ContentOfOne store;
    store.write([&](WriteTransaction& work) {
        store.content.add_inputs(order, an_order("a"), work);
        store.content.add_result(order, nullptr, "", work);
    });
    CHECK(store.get("SELECT count(*) FROM order_inputs") == 0);
    CHECK(store.get("SELECT count(*) FROM order_results") == 0);
    CHECK(store.kept_bytes() == 0);
    CHECK_FALSE(store.content.payload(order));
    CHECK(store.content.payload_bytes(order) == 0);
    CHECK_FALSE(store.content.fingerprint(order));
    CHECK(store.content.options(order) == AttemptOptions{});
}

TEST_CASE("order_content: bytes of payloads and results are counted as they come and go") {
    ContentOfOne store;
    store.write([&](WriteTransaction& work) {
        store.content.add_inputs(order, an_order("a").carrying("[12345]"), work);
    });
    CHECK(store.kept_bytes() == 7);
    CHECK(store.content.payload_bytes(order) == 7);
    const auto add_result = [&](WriteTransaction& work) {
        store.content.add_result(order, json_text("[1]"), "a detail", work);
    };
    store.write(add_result);
    CHECK(store.kept_bytes() == 10);
    store.write([&](WriteTransaction& work) { store.content.drop_result(order, work); });
    CHECK(store.kept_bytes() == 7);
    store.write(add_result);
    store.write([&](WriteTransaction&) {
        store.content.add_attempt(order, 7,
                                  {.token = 1, .worker = "", .started_at = {}, .ended_at = {}});
        store.content.add_action(order, {.at = {}, .name = "ann"});
    });
    store.write([&](WriteTransaction& work) { store.content.erase(order, work); });
    CHECK(store.kept_bytes() == 0);
    for (const Sql left :
         {Sql("SELECT count(*) FROM order_inputs"), Sql("SELECT count(*) FROM order_results"),
          Sql("SELECT count(*) FROM past_attempts"), Sql("SELECT count(*) FROM order_actions")}) {
        CHECK(store.get(left) == 0);
    }
    store.write([&](WriteTransaction& work) { store.content.erase(order, work); });
    CHECK(store.kept_bytes() == 0);
}

TEST_CASE(
    "order_content: options are kept beside a payload, or alone for as long as there are any") {
    ContentOfOne store;
    store.write([&](WriteTransaction&) { store.content.set_options(order, {.timeout = 3s}); });
    CHECK(store.content.options(order) == AttemptOptions{.timeout = 3s});
    store.write([&](WriteTransaction&) { store.content.set_options(order, {}); });
    CHECK(store.get("SELECT count(*) FROM order_inputs") == 0);
    store.write([&](WriteTransaction& work) {
        store.content.add_inputs(order, an_order("a").fingerprinted(9), work);
        store.content.set_options(order, {.max_attempts = 4, .backoff = 5s});
        store.content.set_options(order, {});
    });
    CHECK(store.content.fingerprint(order) == Fingerprint{9});
}

TEST_CASE("order_content: bytes are kept that are no text") {
    ContentOfOne store;
    NewOrder given = an_order("a");
    Fingerprint fingerprint{};
    for (std::size_t index = 0; index < fingerprint.size(); ++index) {
        fingerprint[index] = static_cast<unsigned char>(index * 17);
    }
    given.fingerprint = fingerprint;
    store.write([&](WriteTransaction& work) { store.content.add_inputs(order, given, work); });
    CHECK(store.content.fingerprint(order) == fingerprint);
}

}  // namespace orders::sqlite

#include "worker/processors/idempotency_key.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/support/order_builder.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("idempotency_key: it is the same for every attempt, and is not the order's own id") {
    const std::string store_id = "7f3a9c12e4b05d68";
    ClaimedOrder order{.lease = {.order = {1042}, .token = 7},
                       .spec = an_order("a.b").build().spec,
                       .attempt = 2,
                       .created_at = UtcTime(1767225599123ms)};
    const std::string key = idempotency_key(store_id, order);
    CHECK(key == "ord_7f3a9c12e4b05d68_1042_1767225599123");
    ++order.attempt;
    ++order.lease.token;
    CHECK(idempotency_key(store_id, order) == key);
    order.created_at += 1ms;  // the same number again, in a store that was restored
    CHECK(idempotency_key(store_id, order) != key);
}

}  // namespace orders::test

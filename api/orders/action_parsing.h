#pragma once

// What the bodies of requests that act on orders ask for. Strict: nothing is changed, and nothing
// is ever cancelled, by a typing error, so a field that is not known is an error too.
//
// Pure functions, for any thread.

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "api/orders/order_body.h"
#include "shared/storage/order_actions.h"

namespace orders {

// A JSON merge patch (RFC 7396) of an order: null puts a default back.
[[nodiscard]] ParsedBody<OrderChange> parse_change(std::string_view body);

struct BulkRequest {
    static constexpr std::size_t max_limit = 100'000;

    BulkAction::What what = BulkAction::What::cancel;
    // Never one that every order fits; its statuses are those that the action can change.
    OrderFilter filter = {};
    std::size_t limit = 10'000;  // 1 to max_limit
    bool is_dry_run = false;
};
[[nodiscard]] ParsedBody<BulkRequest> parse_bulk(BulkAction::What what, std::string_view body);

// Whether a body says nothing: it is empty, but for white space, or an object without fields.
[[nodiscard]] bool says_nothing(std::string_view body);

}  // namespace orders

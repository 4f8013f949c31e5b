// What a request for events says.

#include "api/events/event_filter.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

EventRequest request_of(const Query& query, std::string_view last_event_id = {}) {
    return std::get<EventRequest>(parse_event_request(query, last_event_id));
}

std::string fault_in(const Query& query) {
    const auto errors = std::get<std::vector<FieldError>>(parse_event_request(query, {}));
    return errors.at(0).field;
}

Change change_of(const std::string& id, const std::string& kind, OrderStatus status) {
    return {.id = 1,
            .order_id = order_id(id),
            .kind = a_kind(kind),
            .priority = Priority::high,
            .status = status,
            .at = {}};
}

}  // namespace

TEST_CASE("event_filter: what is not said fits anything, and one of several has to fit") {
    const Change change = change_of("a", "mail", OrderStatus::failed);
    const auto fits = [&](const Query& query) { return request_of(query).filter.fits(change); };
    CHECK(fits({}));
    CHECK(fits({{"order_id", ""}}));
    CHECK(fits({{"order_id", "b"}, {"order_id", "a"}}));
    CHECK_FALSE(fits({{"order_id", "b"}}));
    CHECK(fits({{"kind", "mail"}, {"status", "Processed"}, {"status", "Failed"}}));
    CHECK_FALSE(fits({{"kind", "mail"}, {"status", "Processed"}}));
    CHECK_FALSE(fits({{"kind", "default"}}));
    CHECK(fits({{"priority", "High"}}));
    CHECK_FALSE(fits({{"priority", "Normal"}}));
}

TEST_CASE("event_filter: filters that say different things have different keys") {
    const auto key = [](const Query& query) { return request_of(query).filter.key(); };
    CHECK(key({{"kind", "a"}}) == key({{"kind", "a"}, {"after", "x"}}));
    CHECK(key({{"kind", "a"}}) != key({{"order_id", "a"}}));
    CHECK(key({{"kind", "a"}, {"kind", "b"}}) != key({{"kind", "a"}}));
    CHECK(key({{"priority", "High"}}) != key({{"priority", "Normal"}}));
    CHECK(key({{"status", "Failed"}}) != key({}));
}

TEST_CASE("event_filter: the order of values does not matter, nor how often they are given") {
    const auto key = [](const Query& query) { return request_of(query).filter.key(); };
    for (const auto& [name, one, other] : {std::array{"order_id", "b", "a"},
                                           {"kind", "b", "a"},
                                           {"priority", "Normal", "High"},
                                           {"status", "Failed", "Pending"}}) {
        CHECK(key({{name, one}, {name, other}, {name, one}}) == key({{name, other}, {name, one}}));
    }
}

TEST_CASE("event_filter: the header says where a client left off, before the parameter") {
    CHECK_FALSE(request_of({}).after);
    CHECK_FALSE(request_of({{"after", ""}}).after);
    CHECK(request_of({{"after", "e-1"}}).after == "e-1");
    CHECK(request_of({{"after", "e-1"}}, "e-2").after == "e-2");
}

TEST_CASE("event_filter: what is wrong is named") {
    CHECK(fault_in({{"order_id", "a b"}}) == "order_id");
    CHECK(fault_in({{"kind", "Mail"}}) == "kind");
    CHECK(fault_in({{"priority", "high"}}) == "priority");
    CHECK(fault_in({{"status", "Done"}}) == "status");
    CHECK(fault_in({{"since", "1"}}) == "since");
    CHECK(fault_in({{"after", "a"}, {"after", "b"}}) == "after");
}

}  // namespace orders::test

// A page of changes, as different clients get it.

#include "api/events/event_batch.h"

#include <doctest/doctest.h>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

const EventTexts texts("e");

Change change_of(std::int64_t id, const std::string& order) {
    return {.id = id,
            .order_id = order_id(order),
            .kind = {},
            .priority = Priority::normal,
            .status = OrderStatus::pending,
            .at = {}};
}

ChangePage a_page() {
    ChangePage page{.state = {.newest = 9}, .changes = {}, .next_after = 4};
    page.changes = {change_of(1, "a"), change_of(2, "b"), change_of(3, "a"), change_of(4, "c")};
    return page;
}

// The numbers of the events in a text, which here have one digit.
std::string numbers_in(std::string_view text) {
    std::string numbers;
    for (std::size_t at = 0; (at = text.find("id: e-", at)) != std::string_view::npos; ++at) {
        numbers += text[at + 6];
    }
    return numbers;
}

const ChosenEvents& choose(EventBatch& batch, const std::vector<std::string>& order_ids) {
    EventFilter filter;
    for (const std::string& id : order_ids) filter.order_ids.push_back(order_id(id));
    return batch.choose(filter, filter.key());
}

constexpr std::size_t much = 1'000'000;

}  // namespace

TEST_CASE("event_batch: each filter gets what fits, in order and once") {
    EventBatch batch(a_page(), texts);
    CHECK(batch.end() == 4);
    CHECK(numbers_in(choose(batch, {}).behind(0, much).text) == "1234");
    CHECK(numbers_in(choose(batch, {"c", "a", "a"}).behind(0, much).text) == "134");
    CHECK(choose(batch, {"d"}).behind(0, much).text.empty());
    CHECK(choose(batch, {"d"}).behind(0, 0).is_whole);
}

TEST_CASE("event_batch: each choice is right, too, when there are more than are kept") {
    constexpr int changes = 1'000;
    ChangePage page{.state = {.newest = changes}, .changes = {}, .next_after = changes};
    for (int id = 1; id <= changes; ++id) page.changes.push_back(change_of(id, "a"));
    EventBatch batch(std::move(page), texts);
    const std::string all(choose(batch, {}).behind(0, much).text);
    for (int client = 0; client < 100; ++client) {  // 17 MB
        CHECK((choose(batch, {"a", "of-" + std::to_string(client)}).behind(0, much).text == all));
    }
    CHECK((choose(batch, {"a", "of-0"}).behind(0, much).text == all));
}

TEST_CASE("event_batch: a client gets what lies behind its number, as far as there is room") {
    EventBatch batch(a_page(), texts);
    const ChosenEvents& all = choose(batch, {});
    CHECK(numbers_in(all.behind(2, much).text) == "34");
    CHECK(all.behind(4, 0).is_whole);
    CHECK(all.behind(9, much).text.empty());
    const std::size_t size_of_one = texts.order(change_of(1, "a")).size();
    const auto two = all.behind(1, 2 * size_of_one + 1);
    CHECK(numbers_in(two.text) == "23");
    CHECK(two.last == 3);
    CHECK_FALSE(two.is_whole);
    const auto none = all.behind(1, size_of_one - 1);
    CHECK(none.text.empty());
    CHECK(none.last == 1);
    CHECK_FALSE(none.is_whole);
    CHECK(all.behind(2, 2 * size_of_one).is_whole);
}

}  // namespace orders::test

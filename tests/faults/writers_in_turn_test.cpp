// Writers take turns: a writer that wants to write once is not overtaken again and again by one
// that writes without a pause. Counted in transactions, so no machine is too slow for it.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"
#include "tests/faults/control_safeguards.h"
#include "tests/support/dose.h"
#include "tests/support/eventually.h"
#include "tests/support/order_builder.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

constexpr int orders_per_commit = 50;

// How many transactions of a writer without a pause went before ours, from our asking for the turn
// to our having it, or giving up ("database is locked").
struct Overtakings {
    int median = 0;
    int given_up = 0;
};

Overtakings count_overtakings(int times) {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    const auto storage = open_storage(database);
    const auto ours = storage->open_intake();
    std::atomic<int> commits = 0;
    const std::jthread busy_writer([&](const std::stop_token& stop) {
        const auto store = storage->open_intake();
        for (int n = 0; !stop.stop_requested(); ++n) {
            std::vector<NewOrder> orders;
            for (int i = 0; i < orders_per_commit; ++i) {
                orders.push_back(an_order("order-" + std::to_string(n * orders_per_commit + i)));
            }
            (void)store->begin()->commit({.creates = {orders}});
            ++commits;
        }
    });
    std::vector<int> overtakings;
    int given_up = 0;
    for (int i = 0; i < times; ++i) {
        eventually(patience, [&, before = commits.load()] { return commits > before + 1; });
        const int before = commits;
        try {
            (void)ours->begin();
        } catch (const StoreError&) {
            ++given_up;
        }
        overtakings.push_back(commits - before);
    }
    std::ranges::sort(overtakings);
    return {overtakings[overtakings.size() / 2], given_up};
}

}  // namespace

TEST_CASE("writers_in_turn: a writer that never pauses does not overtake one that waits") {
    const int turns = dose(30, 500);
    const auto [median, given_up] = count_overtakings(turns);
    std::cout << "writers in turn: " << turns << " turns, each overtaken by " << median
              << " transactions, " << given_up << " given up" << std::endl;
    CHECK_EQ(given_up, 0);
    CHECK_LE(median, 3);  // one that is writing, one that is next already, and one more
}

TEST_CASE("writers_in_turn: negative control: without the turnstile, one that waits is overtaken") {
    const WithoutSafeguard control(sqlite::Safeguard::turnstile);
    // A busy machine may hold up the writer that never pauses, and let the other in: not for ever.
    constexpr int most_rounds = 20;
    Overtakings noticed;
    for (int round = 0; round < most_rounds && noticed.median <= 3; ++round) {
        noticed = count_overtakings(3);
    }
    std::cout << "noticed: overtaken by " << noticed.median << " transactions, " << noticed.given_up
              << " given up" << std::endl;
    CHECK_GT(noticed.median, 3);
}

}  // namespace orders::test

#include "api/housekeeping_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "tests/support/eventually.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

struct Counts {
    std::atomic<int> looks = 0;
    std::atomic<int> turns = 0;
    std::atomic<int> sweeps = 0;
    std::atomic<bool> is_broken = false;
};

// Always has something due, and nothing to delete.
class CountingStore final : public HousekeepingStore {
   public:
    explicit CountingStore(Counts& counts) : counts_(counts) {}

    Chores look() override {
        ++counts_.looks;
        if (counts_.is_broken) {
            throw StoreError(StoreError::Kind::replaced, StoreError::Cure::restart, "look", "gone");
        }
        return {.has_due_orders = true};
    }
    HousekeepingOutcomes take_turn(const HousekeepingTurn&) override {
        ++counts_.turns;
        HousekeepingOutcomes outcomes;
        outcomes.promoted = 1;
        return outcomes;
    }
    Swept sweep(OrderStatus, std::chrono::milliseconds) override {
        ++counts_.sweeps;
        return {};
    }
    Swept sweep_beyond(std::int64_t) override { return {}; }
    void take_sample() override {}
    void add_figures(const std::string&) override {}
    void tidy() override {}

   private:
    Counts& counts_;
};

}  // namespace

TEST_CASE("housekeeping_thread: it does what is due, and deletes what is old, again and again") {
    Counts counts;
    HousekeepingOptions options;
    options.look_interval = 1ms;
    options.retention.keep_processed = 1s;
    const HousekeepingThread thread(std::make_unique<CountingStore>(counts), options,
                                    [](const StoreError&) { FAIL("nothing is broken"); });
    eventually(patience, [&] { return counts.turns >= 3 && counts.sweeps >= 1; });
}

TEST_CASE("housekeeping_thread: it ends at once, however long it has nothing to do") {
    Counts counts;
    HousekeepingOptions options;
    options.look_interval = std::chrono::hours(1);
    const HousekeepingThread thread(std::make_unique<CountingStore>(counts), options,
                                    [](const StoreError&) { FAIL("nothing is broken"); });
    eventually(patience, [&] { return counts.looks >= 1; });
}

TEST_CASE("housekeeping_thread: it gives up what only a new process can mend, and says so once") {
    Counts counts;
    counts.is_broken = true;
    std::atomic<int> fatal_calls = 0;
    std::atomic<StoreError::Kind> kind = StoreError::Kind::busy;
    {
        HousekeepingOptions options;
        options.look_interval = 1ms;
        const HousekeepingThread thread(std::make_unique<CountingStore>(counts), options,
                                        [&](const StoreError& error) {
                                            kind = error.kind();
                                            ++fatal_calls;
                                        });
        eventually(patience, [&] { return fatal_calls == 1; });
    }
    CHECK_EQ(counts.looks, 1);
    CHECK_EQ(fatal_calls, 1);
    CHECK(kind == StoreError::Kind::replaced);
}

}  // namespace orders::test

// The samples of a store: when one is due, what it has, and how long it is kept.

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

struct SampledStore : UsedStore {
    bool is_due() { return user.housekeeping().look().has_sample_due; }
    void take() { user.housekeeping().take_sample(); }
    std::vector<Sample> read(std::int64_t count = kept_samples) {
        return user.reader().samples(count).samples;
    }
    std::int64_t number() const { return sample_number(store->wall_clock()); }
};

}  // namespace

TEST_CASE_FIXTURE(SampledStore, "sample: one is due in each interval, and taken once") {
    CHECK(is_due());
    CHECK(read().empty());
    take();
    CHECK_FALSE(is_due());
    StoreUser other(*store);
    CHECK_FALSE(other.housekeeping().look().has_sample_due);
    CHECK(read().size() == 1);
    store->pass_time(sample_interval);
    CHECK(is_due());
    CHECK(other.housekeeping().look().has_sample_due);
    take();
    other.housekeeping().take_sample();  // it had looked before
    CHECK(read().size() == 2);
    CHECK(read().back().number == number());
    CHECK(user.reader().samples(1).samples.size() == 1);
    CHECK(user.reader().samples(1).taken_at == store->wall_clock());
}

TEST_CASE_FIXTURE(SampledStore,
                  "sample: it has how many came and ended, and how the store stands") {
    (void)user.submit({an_order("a").high(), an_order("b").high(), an_order("c"), an_order("d"),
                       an_order("later").due(store->wall_clock() + 1h)});
    const WorkerId worker = user.enlist("worker");
    const auto claimed = user.claim(worker, 2);
    CHECK(user.settle(claimed.at(0).lease) == SettleOutcome::settled);
    (void)user.cancel("d");
    store->pass_time(3s);
    take();
    const Sample sample = read().back();
    CHECK(sample.created == 5);
    CHECK(sample.processed == 1);
    CHECK(sample.failed == 0);
    CHECK(sample.cancelled == 1);
    CHECK(sample.pending_high == 0);
    CHECK(sample.pending_normal == 2);  // what waits for its time, too
    CHECK(sample.processing == 1);
    CHECK(sample.oldest_high == 0ms);
    CHECK(sample.oldest_normal == 3s);
}

TEST_CASE_FIXTURE(SampledStore, "sample: what retention deletes has come and ended all the same") {
    (void)user.submit({an_order("a"), an_order("b")});
    const WorkerId worker = user.enlist("worker");
    user.settle(user.claim(worker, 1));
    store->pass_time(5s);
    CHECK(user.housekeeping().sweep(OrderStatus::processed, 1s).deleted == 1);
    take();
    CHECK(read().back().created == 2);
    CHECK(read().back().processed == 1);
}

TEST_CASE_FIXTURE(SampledStore, "sample: they are kept for a day") {
    take();
    const std::int64_t first = number();
    store->pass_time(sample_interval * (kept_samples - 1));
    take();
    CHECK(read().front().number == first);
    store->pass_time(sample_interval);
    take();
    CHECK(read().size() == 2);
    CHECK(read().front().number == first + kept_samples - 1);
}

TEST_CASE_FIXTURE(SampledStore,
                  "sample: those of a clock that was ahead are gone once it is right") {
    const UtcTime right = store->wall_clock();
    store->set_wall_clock(right + 1h);
    take();
    store->set_wall_clock(right);
    CHECK(is_due());
    take();
    CHECK_FALSE(is_due());
    store->set_wall_clock(right + 1h);
    CHECK(read().size() == 1);
    CHECK(read().front().number == sample_number(right));
}

}  // namespace orders::test

// A copy that ends in the middle, wherever that is: the same copy again completes it, and until
// then no program opens what is half done.

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "shared/storage/copying/copy_orders.h"
#include "shared/storage/store_error.h"
#include "tests/support/dose.h"
#include "tests/unit/storage/copied_store.h"

namespace orders::test {
namespace {

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

// Counts down what writes, at both ends together, and interrupts one: before it, or after.
struct Interruption {
    int left = 0;
    bool is_before = false;

    template <typename Write>
    void carry_out(Write write) {
        const bool is_now = --left == 0;
        if (is_now && is_before) throw Interrupted();
        write();
        if (is_now) throw Interrupted();
    }
};

class InterruptedEnd final : public CopyEnd {
   public:
    InterruptedEnd(CopyEnd& end, Interruption& interruption)
        : end_(end), interruption_(interruption) {}

    std::optional<CopyMark> mark() override { return end_.mark(); }
    StoreIdentity identity() override { return end_.identity(); }
    std::int64_t order_count() override { return end_.order_count(); }
    OrderSequence newest() override { return end_.newest(); }
    void close(const CopyMark& mark) override {
        interruption_.carry_out([&] { end_.close(mark); });
    }
    void begin(const std::string& store_id, const CopiedNames& names,
               const CopyMark& mark) override {
        interruption_.carry_out([&] { end_.begin(store_id, names, mark); });
    }
    void add(std::span<const CopiedOrder> orders) override {
        interruption_.carry_out([&] { end_.add(orders); });
    }
    void end() override {
        interruption_.carry_out([&] { end_.end(); });
    }
    CopiedNames names() override { return end_.names(); }
    // A few at a time, so that there are several portions.
    std::vector<CopiedOrder> read(OrderSequence after) override {
        std::vector<CopiedOrder> orders = end_.read(after);
        if (orders.size() > 10) orders.resize(10);
        return orders;
    }
    Verification verify() override { return end_.verify(); }
    void set_state(CopyState state) override {
        interruption_.carry_out([&] { end_.set_state(state); });
    }
    void reopen() override { end_.reopen(); }
    std::string how_to_empty() const override { return end_.how_to_empty(); }

   private:
    CopyEnd& end_;
    Interruption& interruption_;
};

// Whether it came to its end.
bool copy_until(Interruption interruption, const StorePlace& from, const StorePlace& to) {
    const auto source = from.open()->open_copy_end(CopyRole::source);
    const auto target = to.open()->open_copy_end(CopyRole::target);
    InterruptedEnd here(*source, interruption);
    InterruptedEnd there(*target, interruption);
    try {
        (void)copy_orders({here, "here"}, {there, "there"}, [](const CopyProgress&) {});
        return true;
    } catch (const Interrupted&) {
        return false;
    }
}

bool is_open(const StorePlace& place) {
    try {
        (void)place.open()->open_intake();
        return true;
    } catch (const StoreError& error) {
        REQUIRE(error.kind() == StoreError::Kind::unusable);
        return false;
    }
}

std::int64_t orders_in(const StorePlace& place) {
    return place.open()->open_copy_end(CopyRole::source)->order_count();
}

// Another value than is stored comes out of it.
class WrongEnd final : public CopyEnd {
   public:
    explicit WrongEnd(CopyEnd& end) : end_(end) {}
    std::optional<CopyMark> mark() override { return end_.mark(); }
    StoreIdentity identity() override { return end_.identity(); }
    std::int64_t order_count() override { return end_.order_count(); }
    OrderSequence newest() override { return end_.newest(); }
    void close(const CopyMark& mark) override { end_.close(mark); }
    void begin(const std::string& store_id, const CopiedNames& names,
               const CopyMark& mark) override {
        end_.begin(store_id, names, mark);
    }
    void add(std::span<const CopiedOrder> orders) override { end_.add(orders); }
    void end() override { end_.end(); }
    CopiedNames names() override { return end_.names(); }
    std::vector<CopiedOrder> read(OrderSequence after) override {
        std::vector<CopiedOrder> orders = end_.read(after);
        if (!orders.empty()) orders.back().created_at ^= 1;
        return orders;
    }
    Verification verify() override { return end_.verify(); }
    void set_state(CopyState state) override { end_.set_state(state); }
    void reopen() override { end_.reopen(); }
    std::string how_to_empty() const override { return end_.how_to_empty(); }

   private:
    CopyEnd& end_;
};

}  // namespace

TEST_CASE("copy: interrupted between any two steps, the same again completes it") {
    in_all_directions([](const Direction& direction) {
        const bool is_each_tried = is_long_form() || (direction.from == Backend::sqlite &&
                                                      direction.to == Backend::sqlite);
        bool is_done = false;
        for (int step = 1; !is_done; ++step) {
            REQUIRE(step < 20);
            for (const bool is_before : {true, false}) {
                // Databases take their time to be made.
                if (!is_each_tried && is_before == (step % 2 == 0)) continue;
                CAPTURE(step);
                CAPTURE(is_before);
                const StorePlace from(direction.from);
                const StorePlace to(direction.to);
                (void)fill(from);
                is_done = copy_until({step, is_before}, from, to);
                // Never both, and one that is open is whole.
                const bool is_source_open = is_open(from);
                const bool is_target_open = is_open(to);
                CHECK_FALSE((is_source_open && orders_in(to) > 0));
                if (is_target_open && !is_source_open) {
                    CHECK((orders_in(to) == 0 || orders_in(to) == filled_orders));
                }
                const CopyResult result = copy(from, to);
                CHECK((result.was_finished || result.orders.pending > 0));
                CHECK_FALSE(is_open(from));
                CHECK(is_open(to));
                CHECK(orders_in(to) == filled_orders);
                CHECK(to.open()->verify().findings == 0);
            }
        }
    });
}

TEST_CASE("copy: interrupted again and again, it goes on each time from where it was") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        int times = 0;
        while (!copy_until({4, true}, from, to)) REQUIRE(++times < 20);
        CHECK(times >= 2);
        CHECK(is_open(to));
        CHECK(orders_in(to) == filled_orders);
    });
}

TEST_CASE("copy: what was interrupted may be given up: the source is reopened, and copied anew") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        REQUIRE_FALSE(copy_until({4, false}, from, to));
        CHECK_THROWS_AS(reopen(to), StoreError);
        reopen(from);
        {
            const auto storage = from.open();
            CHECK(StoreUser(*storage).submit(an_order("meanwhile")));
        }
        from.forget_dead_workers();
        // What is there is a copy of what is no more.
        try {
            (void)copy(from, to);
            FAIL_CHECK("it went on");
        } catch (const StoreError& error) {
            CHECK(std::string(error.what())
                      .find("an unfinished copy of other orders, or of an "
                            "earlier time") != std::string::npos);
        }
        CHECK(is_open(from));
        CHECK_FALSE(is_open(to));
        const StorePlace elsewhere(direction.to);
        CHECK(copy(from, elsewhere).copied == filled_orders + 1);
    });
}

TEST_CASE("copy: ends that differ are told, and the target stays closed") {
    in_all_directions([](const Direction& direction) {
        const StorePlace from(direction.from);
        const StorePlace to(direction.to);
        (void)fill(from);
        {
            const auto source = from.open()->open_copy_end(CopyRole::source);
            const auto target = to.open()->open_copy_end(CopyRole::target);
            WrongEnd wrong(*target);
            try {
                (void)copy_orders({*source, "here"}, {wrong, "there"}, [](const CopyProgress&) {});
                FAIL_CHECK("nobody noticed");
            } catch (const StoreError& error) {
                CHECK(std::string(error.what())
                          .find("there differs from here: it has as many orders, but its "
                                "checksum is another one") != std::string::npos);
            }
        }
        CHECK_FALSE(is_open(from));
        CHECK_FALSE(is_open(to));
        CHECK(copy(from, to).copied == 0);  // the disk was right
        CHECK(is_open(to));
    });
}

}  // namespace orders::test

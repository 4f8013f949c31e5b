#include "api/metrics/figures_teller.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shared/metrics/catalogue.h"
#include "shared/metrics/label_values.h"
#include "shared/storage/store_error.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

struct Telling {
    // How many commits of the intake the store is told of, as it ends like this; none if it is not
    // called.
    std::optional<std::uint64_t> tell(SteadyTime at, bool is_last = false,
                                      std::optional<StoreError::Kind> failure = {}) {
        std::optional<std::uint64_t> told;
        const auto add = [&](const std::string& text) {
            told = 0;
            for (const auto count : Figures::from_text(text)
                                        .value()
                                        .seen(metric::store_commit, label::store_roles[0])
                                        .buckets) {
                *told += count;
            }
            if (failure) throw StoreError(*failure, StoreError::Cure::time, "add figures", "no");
        };
        try {
            teller.tell(at, is_last, add);
        } catch (const StoreError&) {
            CHECK(failure);
        }
        return told;
    }
    void commit() { store_work->intake.commits.observe(1ms); }

    std::shared_ptr<StoreWork> store_work = std::make_shared<StoreWork>();
    WorkFigures work;
    FiguresTeller teller{store_work, work};
    SteadyTime now{1h};
};

}  // namespace

TEST_CASE("figures_teller: it tells once in an interval, and what is left at the end at once") {
    Telling telling;
    CHECK_FALSE(telling.tell(telling.now));
    telling.commit();
    CHECK(telling.tell(telling.now) == 1U);
    telling.commit();
    CHECK_FALSE(telling.tell(telling.now + 4'999ms));
    CHECK(telling.tell(telling.now + 4'999ms, true) == 1U);
    CHECK_FALSE(telling.tell(telling.now + 1h, true));
}

TEST_CASE("figures_teller: what was not stored is told again, but not what may have been") {
    Telling telling;
    telling.commit();
    CHECK(telling.tell(telling.now, false, StoreError::Kind::busy) == 1U);
    telling.commit();
    CHECK(telling.tell(telling.now + 5s, false, StoreError::Kind::outcome_unknown) == 2U);
    telling.commit();
    CHECK(telling.tell(telling.now + 10s) == 1U);
}

}  // namespace orders::test

#pragma once

// What the suite of this folder runs against: one empty set of orders of some backend, with time
// that stands still until a case moves it. A backend is held to the contract of shared/storage by a
// program of the suite's sources and its own make_store_under_test(). A change to the contract is
// not finished without a case here.

#include <chrono>
#include <memory>

#include "shared/storage/open_storage.h"

namespace orders::test {

class StoreUnderTest {
   public:
    virtual ~StoreUnderTest() = default;

    [[nodiscard]] virtual Storage& storage() = 0;

    // For everything that the storage opened, and will open: the time that leases live by, and the
    // wall clock with it.
    virtual void pass_time(std::chrono::milliseconds time) = 0;
    // The wall clock; alone, if leases do not live by it.
    virtual void set_wall_clock(UtcTime time) = 0;
    [[nodiscard]] virtual UtcTime wall_clock() const = 0;

    // What a backend may promise beyond the contract; true makes the suite test it.

    // A turn's level counts all that other stores had committed when it began.
    [[nodiscard]] virtual bool is_level_exact() const = 0;
    // Setting the wall clock of the store's machine ends no lease and prolongs none.
    [[nodiscard]] virtual bool are_leases_free_of_wall_clock() const = 0;
};

// Of the backend that the program is for.
[[nodiscard]] std::unique_ptr<StoreUnderTest> make_store_under_test();

}  // namespace orders::test

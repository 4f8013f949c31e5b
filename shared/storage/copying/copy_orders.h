#pragma once

// Moves all orders from one store to an empty one, of whichever backends: with all that they have,
// their places in the queue among it, and the store's id. The target is another incarnation of the
// store, so no lease of before fits there.
//
//     1. the source is closed: no program opens it from then on
//     2. the target is begun, and closed as an unfinished copy
//     3. orders go over in portions, each a transaction of the target
//     4. both ends are read through and compared, and the target is verified
//     5. the source is marked as moved, then the target is open
//
// Killed at any moment, or after an error, the same again goes on from there. The source is left as
// it was when it was closed, and can be opened again (reopen()).

#include <cstdint>
#include <functional>
#include <string>

#include "shared/storage/copy_end.h"
#include "shared/storage/order_reader.h"

namespace orders {

// What is under way, and how far, of how many; every now and then.
struct CopyProgress {
    enum class Step { copying, checking_source, checking_target };
    Step step{};
    std::int64_t done = 0;
    std::int64_t of = 0;
};

struct CopyResult {
    bool was_finished = false;  // before; nothing was done, and the rest is empty
    std::int64_t copied = 0;    // now, as opposed to by an earlier process
    StatusCounts orders = {};
    std::uint64_t checksum = 0;
};

// An end, and what people call it.
struct NamedEnd {
    CopyEnd& end;
    std::string name;
};

// Throws StoreError: unusable if the ends do not fit, or differ in the end, in which case the
// target stays closed.
[[nodiscard]] CopyResult copy_orders(const NamedEnd& source, const NamedEnd& target,
                                     const std::function<void(const CopyProgress&)>& progress);

// Lets programs open a store again that is, or was, the source of a copy. Throws StoreError
// (unusable) if it is not.
void reopen(const NamedEnd& source);

}  // namespace orders

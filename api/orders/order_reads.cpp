#include "api/orders/order_reads.h"

#include "api/http/problem.h"
#include "api/orders/order_problems.h"
#include "shared/log/log.h"

namespace orders {

// No client can help a store that is busy or broken, so the log says which.
http::Response OrderReads::problem_of(const StoreError& error) {
    if (error.kind() != StoreError::Kind::damaged) {
        if (!error.is_logged()) note_failure(error);
        return http::problem_for(503, "The orders cannot be read now; try again.");
    }
    note_damage(error);
    return not_readable_for_damage();
}

void OrderReads::note_failure(const StoreError& error) {
    const auto times = [&] {
        const MutexLock lock(mutex_);
        failures_.count();
        return failures_.take_due();
    }();
    if (times) log::error("reading orders failed", {{"detail", error.what()}, {"times", *times}});
}

// To log it once is enough: whoever asks for the same order again meets the same page.
void OrderReads::note_damage(const StoreError& error) {
    if (is_damaged_.exchange(true)) return;
    log::error("store is damaged: no orders are taken until it is mended",
               {{"detail", error.what()}});
}

}  // namespace orders

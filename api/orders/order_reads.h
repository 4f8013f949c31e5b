#pragma once

// Reads orders for answers: what cannot be read becomes the problem that says so. Once something
// that is stored turns out to be damaged, that is remembered, because no new order should be taken
// then.
//
// Any thread may call it.

#include <atomic>
#include <type_traits>
#include <utility>
#include <variant>

#include "api/http/message.h"
#include "api/orders/order_readers.h"
#include "shared/log/log_pace.h"
#include "shared/os/mutex.h"
#include "shared/storage/store_error.h"

namespace orders {

class OrderReads {
   public:
    // The readers must outlive this.
    explicit OrderReads(OrderReaders& readers) noexcept : readers_(readers) {}

    // What `use` makes of a reader, or the problem.
    template <typename Use>
    [[nodiscard]] auto read(Use use) {
        using Outcome = std::variant<std::invoke_result_t<Use, OrderReader&>, http::Response>;
        try {
            return Outcome(std::in_place_index<0>, readers_.with_reader(std::move(use)));
        } catch (const StoreError& error) {
            return Outcome(std::in_place_index<1>, problem_of(error));
        }
    }
    // The same if `use` makes an answer.
    template <typename Use>
    [[nodiscard]] http::Response answer(Use use) {
        return std::visit([](http::Response&& response) { return std::move(response); },
                          read(std::move(use)));
    }

    [[nodiscard]] bool is_damaged() const noexcept { return is_damaged_; }
    // For whoever else finds it out.
    void note_damage(const StoreError& error);

   private:
    [[nodiscard]] http::Response problem_of(const StoreError& error);
    void note_failure(const StoreError& error);

    OrderReaders& readers_;
    std::atomic<bool> is_damaged_ = false;  // the store, and it stays so
    Mutex mutex_;
    log::LogPace failures_ GUARDED_BY(mutex_);
};

}  // namespace orders

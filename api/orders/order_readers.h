#pragma once

// Lends readers of the store to request threads: a reader serves one request at a time and is kept
// for the next one, so there are never more readers than there were requests at one moment.
//
//     OrderReaders readers([&] { return storage->open_reader(); });
//
// Any thread may call it.

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "shared/os/mutex.h"
#include "shared/storage/order_reader.h"

namespace orders {

class OrderReaders {
   public:
    // `open` is called whenever all readers are lent out: by any thread, perhaps by several at
    // once.
    explicit OrderReaders(std::function<std::unique_ptr<OrderReader>()> open)
        : open_(std::move(open)) {}

    // Returns what `use` returns. A reader whose use threw is not lent again.
    template <typename Use>
    auto with_reader(Use use) {
        std::unique_ptr<OrderReader> reader = take();
        auto result = use(*reader);
        give_back(std::move(reader));
        return result;
    }

   private:
    std::unique_ptr<OrderReader> take() {
        {
            const MutexLock lock(mutex_);
            if (!idle_.empty()) {
                auto reader = std::move(idle_.back());
                idle_.pop_back();
                return reader;
            }
        }
        return open_();
    }

    void give_back(std::unique_ptr<OrderReader> reader) {
        const MutexLock lock(mutex_);
        idle_.push_back(std::move(reader));
    }

    const std::function<std::unique_ptr<OrderReader>()> open_;

    Mutex mutex_;
    std::vector<std::unique_ptr<OrderReader>> idle_ GUARDED_BY(mutex_);
};

}  // namespace orders

#pragma once

// A watch, and whether it has rung.

#include <poll.h>

#include <chrono>
#include <memory>
#include <utility>

#include "shared/storage/work_watch.h"
#include "tests/support/eventually.h"

namespace orders::test {

class HeardWatch {
   public:
    explicit HeardWatch(std::unique_ptr<WorkWatch> watch) : watch_(std::move(watch)) {}

    // Within `patience`; then it is silent again.
    [[nodiscard]] bool rings() {
        const bool has_rung = is_heard_within(patience);
        watch_->clear();
        return has_rung;
    }
    // True if nothing has rung until now.
    [[nodiscard]] bool is_silent() { return !is_heard_within(std::chrono::milliseconds(0)); }

   private:
    bool is_heard_within(std::chrono::milliseconds time) {
        pollfd source{watch_->fd(), POLLIN, 0};
        return ::poll(&source, 1, static_cast<int>(time.count())) == 1;
    }

    const std::unique_ptr<WorkWatch> watch_;
};

}  // namespace orders::test

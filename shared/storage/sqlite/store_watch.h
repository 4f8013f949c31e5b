#pragma once

// Notices for a writer that the store is no longer what lies at its path: removed, renamed,
// replaced, or written over in place. Nothing that is stored after that may be acknowledged,
// because no other program will ever see it.
//
// A look costs two statx() calls. If the file was changed since the last one, which only
// checkpoints do, it also makes sure that the page with the store's generation is in it; and once a
// second it looks at all other files of the store.
//
// Belongs to the thread of the connection.

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/os/steady_time.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/occupancy.h"

namespace orders::sqlite {

class StoreWatch {
   public:
    // The connection must have been opened after the occupancy began, and outlive this. Throws
    // StoreError (replaced) as require_same() does.
    StoreWatch(std::shared_ptr<Occupancy> occupancy, Connection& connection);

    // Call it after each commit, before its outcome is made known, and at least once a second.
    // Throws StoreError (replaced).
    void require_same();

    // Returns what `work` returns. If it throws a StoreError and the store was replaced, throws
    // that instead: SQLite may then complain about damage, or that a file is missing.
    template <typename Work>
    decltype(auto) explain(Work work) {
        try {
            return work();
        } catch (const StoreError& error) {
            if (error.is_fatal()) occupancy_->note_failure();
            require_in_place();
            throw;
        }
    }

    // The same, if the store is still the same after it.
    template <typename Work>
    auto guard(Work work) {
        return explain([&] {
            auto result = work();
            require_same();
            return result;
        });
    }

    // As require_same(), for those that have done nothing else.
    void require_in_place() {
        try {
            require_same();
        } catch (const StoreError&) {
            occupancy_->note_failure();
            throw;
        }
    }

   private:
    [[nodiscard]] bool has_own_content() const;

    // Constant after construction.
    const std::shared_ptr<Occupancy> occupancy_;
    Connection& connection_;
    std::string generation_;
    std::int64_t page_ = 0;  // on which the generation is
    std::int64_t page_size_ = 0;

    struct statx_timestamp changed_at_ {};
    std::uint64_t size_ = 0;  // which no database has
    SteadyTime next_full_look_{};
};

}  // namespace orders::sqlite

#pragma once

// The one exception of the storage layer: the environment is broken (disk full, file damaged,
// somebody holds on to the lock). Outcomes that a caller is expected to meet, such as an id that is
// taken or a lease that is lost, are return values, never this.

#include <stdexcept>
#include <string>
#include <string_view>

namespace orders {

class StoreError : public std::runtime_error {
   public:
    enum class Kind {
        busy,         // not now: another has the write lock, or the clock is not set; nothing
                      // was written; try again later
        unreachable,  // the server that has it is away, which the backend has logged; nothing was
                      // written; try again later
        full,         // no room on the disk; nothing was written; try again once there is room
        outcome_unknown,  // it failed during the commit, whose changes may or may not be stored
        damaged,          // what is stored cannot be read as it was written
        unusable,         // not an order store, not writable, or newer than this program
        replaced,         // it is no longer at its location, or another one is: what was written
                          // since then may be lost
    };

    // What helps: it is for the backend to say.
    enum class Cure {
        time,     // try again later
        restart,  // nothing that this process could do: it should end
    };

    // `operation` says what was being done, `detail` what the backend said, `hint` what an operator
    // can do about it (may be empty). what() is all three in one line.
    StoreError(Kind kind, Cure cure, std::string_view operation, std::string_view detail,
               std::string_view hint = {});

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    // True if the backend logs it, when it begins and when it is over.
    [[nodiscard]] bool is_logged() const noexcept { return kind_ == Kind::unreachable; }
    // True if the process should end rather than try again.
    [[nodiscard]] bool is_fatal() const noexcept { return cure_ == Cure::restart; }

   private:
    Kind kind_;
    Cure cure_;
};

}  // namespace orders

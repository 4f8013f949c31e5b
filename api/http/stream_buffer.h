#pragma once

// What a stream's writer has written and its client has not been sent yet: the only thing that the
// writer's thread and the connection's share.
//
// Any thread may call it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/os/mutex.h"

namespace orders::http {

class StreamBuffer {
   public:
    explicit StreamBuffer(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // --- The writer

    enum class Push {
        closed,    // not taken, and nothing more will be: the client has left or was too slow
        taken,     // goes out with what was pushed before
        is_first,  // the same, but nobody sees to it yet: the connection must be woken
    };
    // A piece that finds more than max_bytes outstanding closes the stream.
    [[nodiscard]] Push push(std::string_view piece);
    // How large a piece may be so as not to close it; empty if it is closed.
    [[nodiscard]] std::optional<std::size_t> room() const;
    // Nothing more comes but `last`, for which there is room in any case. Unless `is_complete`, the
    // body was cut short, and the client must notice.
    void end(bool is_complete, std::string_view last = {});

    // --- The connection

    struct Pending {
        std::string bytes;
        enum class Next {
            more,      // may come
            complete,  // these were the last
            broken,    // the connection must be cut
        } next = Next::more;
    };
    // Call it when all that it returned before has been sent.
    [[nodiscard]] Pending take();
    // The client has left, or is about to be cut off.
    void close();

   private:
    // Constant after construction.
    const std::size_t max_bytes_;

    mutable Mutex mutex_;
    std::string pending_ GUARDED_BY(mutex_);
    std::size_t taken_bytes_ GUARDED_BY(mutex_) = 0;  // and maybe not sent yet
    bool is_closed_ GUARDED_BY(mutex_) = false;
    Pending::Next next_ GUARDED_BY(mutex_) = Pending::Next::more;
};

}  // namespace orders::http

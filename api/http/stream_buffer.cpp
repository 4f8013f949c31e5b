#include "api/http/stream_buffer.h"

#include <algorithm>
#include <utility>

namespace orders::http {

StreamBuffer::Push StreamBuffer::push(std::string_view piece) {
    const MutexLock lock(mutex_);
    if (is_closed_) return Push::closed;
    if (piece.size() > max_bytes_ - std::min(max_bytes_, pending_.size() + taken_bytes_)) {
        is_closed_ = true;
        next_ = Pending::Next::broken;
        return Push::closed;
    }
    const bool is_first = pending_.empty();
    pending_.append(piece);
    return is_first ? Push::is_first : Push::taken;
}

std::optional<std::size_t> StreamBuffer::room() const {
    const MutexLock lock(mutex_);
    if (is_closed_) return std::nullopt;
    return max_bytes_ - std::min(max_bytes_, pending_.size() + taken_bytes_);
}

void StreamBuffer::end(bool is_complete, std::string_view last) {
    const MutexLock lock(mutex_);
    if (is_closed_) return;
    pending_.append(last);
    is_closed_ = true;
    next_ = is_complete ? Pending::Next::complete : Pending::Next::broken;
}

StreamBuffer::Pending StreamBuffer::take() {
    const MutexLock lock(mutex_);
    taken_bytes_ = pending_.size();
    return {.bytes = std::exchange(pending_, {}), .next = next_};
}

void StreamBuffer::close() {
    const MutexLock lock(mutex_);
    is_closed_ = true;
}

}  // namespace orders::http

#include "shared/log/line_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace orders::log {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds longest_wait{100};
// The part of the time that may be spent on waiting while lines flow slowly.
constexpr int waiting_is_one_in = 10;

}  // namespace

// Whatever happens during a turn, or nobody would ever write again.
struct LineWriter::EndOfTurn {
    LineWriter& writer;
    std::int64_t lost;
    ~EndOfTurn() { writer.end_turn(lost); }
};

LineWriter::LineWriter(int fd, DescribeLoss describe_loss)
    : fd_(fd), describe_loss_(std::move(describe_loss)), patience_(longest_wait) {}

void LineWriter::write(std::string line) {
    line += '\n';
    const std::optional<std::int64_t> lost_before = begin_turn();
    if (!lost_before) return;
    EndOfTurn end{*this, *lost_before + 1};  // with this line, until it is written
    // Together, because a small pipe may have room for no more than one write.
    if (*lost_before > 0) line.insert(0, describe_loss_(*lost_before) + '\n');
    if (put(std::move(line))) end.lost = 0;
}

std::optional<std::int64_t> LineWriter::begin_turn() {
    MutexLock lock(mutex_);
    while (turn_began_) {
        const SteadyTime limit = *turn_began_ + longest_wait;
        if (steady_clock::now() >= limit) {
            ++lost_;
            return std::nullopt;
        }
        turn_is_over_.wait_until(lock, limit);
    }
    turn_began_ = steady_clock::now();
    return std::exchange(lost_, 0);
}

void LineWriter::end_turn(std::int64_t lost) noexcept {
    {
        const MutexLock lock(mutex_);
        turn_began_.reset();
        lost_ += lost;
    }
    turn_is_over_.notify_one();
}

bool LineWriter::put(std::string text) {
    rest_.erase(0, write_some(rest_));
    if (!rest_.empty()) return false;
    const std::size_t written = write_some(text);
    if (written == 0) return false;
    text.erase(0, written);
    rest_ = std::move(text);
    return true;
}

std::size_t LineWriter::write_some(std::string_view bytes) {
    std::size_t written = 0;
    while (written < bytes.size() && wait_for_room()) {
        const std::string_view piece = bytes.substr(written, PIPE_BUF);
        const ssize_t count = ::write(fd_, piece.data(), piece.size());
        if (count > 0) {
            written += static_cast<std::size_t>(count);
        } else if (count == 0 || errno != EINTR) {
            break;  // there is nobody to tell
        }
    }
    return written;
}

bool LineWriter::wait_for_room() {
    const SteadyTime begin = steady_clock::now();
    const auto limit = std::chrono::floor<std::chrono::milliseconds>(patience_);
    pollfd target{fd_, POLLOUT, 0};
    const bool has_room = ::poll(&target, 1, static_cast<int>(limit.count())) == 1;
    const SteadyTime end = steady_clock::now();
    patience_ -= std::min<std::chrono::nanoseconds>(patience_, end - begin);
    if (has_room) {  // only that brings patience back: nobody waits for what does not move
        patience_ = std::min<std::chrono::nanoseconds>(
            longest_wait, patience_ + (end - last_room_) / waiting_is_one_in);
        last_room_ = end;
    }
    return has_room;
}

}  // namespace orders::log

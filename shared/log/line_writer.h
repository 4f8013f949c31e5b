#pragma once

// Writes whole lines to a descriptor that may block: a pipe whose reader has stopped, or a terminal
// that is held. It may lose lines, but it holds nobody up: all its callers together wait for room
// for 100 ms at most, and then not again before lines flow; if they flow slowly, the callers wait a
// tenth of the time. Lines that are lost are counted, and the next one that is written has a line
// before it that says how many.
//
// Lines are never mixed. No line takes more than one write() unless it is longer than PIPE_BUF
// (4,096 bytes); a longer one goes in pieces, and what is left of it when there is no more room
// goes before any other.
//
// The descriptor's flags stay as they are, because other processes may share them: O_NONBLOCK would
// reach those too. (standard_descriptors.h gives the program's one that nobody shares.) With a
// descriptor that blocks, poll() says before every write() whether there is room, and a pipe that
// has room takes PIPE_BUF bytes at once. Three things can still stop a thread inside its write(): a
// file on a disk that hangs, another process that takes a pipe's last room in between, and a
// terminal, which has room before it has room for a line. All other threads then lose their lines,
// and go on.
//
// Any thread may write.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"

namespace orders::log {

class LineWriter {
   public:
    // Makes the line that says how many were lost, without its end.
    using DescribeLoss = std::function<std::string(std::int64_t lost)>;

    // The descriptor stays its owner's.
    LineWriter(int fd, DescribeLoss describe_loss);

    // The line is given without its end. Throws std::bad_alloc.
    void write(std::string line);

   private:
    struct EndOfTurn;

    // The number of lines lost so far, which is the caller's to tell now; empty if the turn cannot
    // be had in time, and the line is lost.
    [[nodiscard]] std::optional<std::int64_t> begin_turn();
    void end_turn(std::int64_t lost) noexcept;

    // False if there is no room even for the first byte.
    [[nodiscard]] bool put(std::string text);
    [[nodiscard]] std::size_t write_some(std::string_view bytes);
    [[nodiscard]] bool wait_for_room();

    // Constant after construction.
    const int fd_;
    const DescribeLoss describe_loss_;

    Mutex mutex_;
    std::condition_variable_any turn_is_over_;
    std::optional<SteadyTime> turn_began_ GUARDED_BY(mutex_);
    std::int64_t lost_ GUARDED_BY(mutex_) = 0;

    // Only the thread whose turn it is.
    std::string rest_;                   // of what was begun
    std::chrono::nanoseconds patience_;  // how long all may still wait
    SteadyTime last_room_{};             // when there was room last
};

}  // namespace orders::log

#pragma once

// SIGTERM and SIGINT, as calls. The first asks the process to stop; a second ends it at once with
// status 128 + the signal's number; and a process that has been asked to stop but still runs after
// `hard_limit` is ended with status 1, so that no stuck disk or processor can keep it for ever.
// Ending at once is safe: everything that matters is in the store.
//
// Call block_stop_signals() in main before any thread starts, so that all threads inherit the mask
// and no signal is lost during start-up. It also makes writing to a closed socket an error (EPIPE)
// instead of the process's death.

#include <chrono>
#include <functional>
#include <thread>

#include "shared/os/file_descriptor.h"
#include "shared/os/wake_signal.h"

namespace orders {

// Throws std::system_error.
void block_stop_signals();

// What a program adds to the time that it gives its work to end, for closing the store.
inline constexpr std::chrono::seconds margin_after_drain{5};

class StopSignals {
   public:
    // `on_stop` is called at most once, on a thread of this object's own; it must not block.
    StopSignals(std::function<void()> on_stop, std::chrono::milliseconds hard_limit);
    // Ends the watch, and the hard limit with it.
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

   private:
    void watch();

    // Constant after construction.
    const std::function<void()> on_stop_;
    const std::chrono::milliseconds hard_limit_;
    FileDescriptor signals_;
    WakeSignal ended_;

    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace orders

#pragma once

// Opening a store that may be away: on a server that cannot be reached, is starting up or is full.

#include <functional>

namespace orders {

// Calls `open` until it does not throw that the store is unreachable, which the store logs; in
// between it waits, longer each time, and at most a few seconds. Calls `on_wait` once, before it
// waits for the first time. All else that `open` throws ends it, and so does a signal to stop
// (stop_signals.h), because no work has begun.
void await_store(
    const std::function<void()>& open, const std::function<void()>& on_wait = [] {});

}  // namespace orders

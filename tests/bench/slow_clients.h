#pragma once

// Clients that send a request byte by byte and never get to its end. A client that is thrown out
// (408) comes back. One thread serves them all.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace orders::bench {

class SlowClients {
   public:
    // How long a client waits before its next byte.
    static constexpr std::chrono::milliseconds pause{200};

    // All are connected when it returns.
    SlowClients(int port, std::size_t clients);

    // Answers other than 408, and connections that were refused: there should be none.
    [[nodiscard]] std::int64_t surprises() const noexcept { return surprises_; }

   private:
    void run(const std::stop_token& stop, int port, std::size_t clients);

    std::atomic<std::int64_t> surprises_ = 0;
    std::atomic<std::size_t> connected_ = 0;
    std::jthread thread_;  // last: it uses the above
};

}  // namespace orders::bench

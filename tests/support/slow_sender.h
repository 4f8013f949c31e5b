#pragma once

// A client that sends one byte after the other and never comes to an end: it never pauses long
// enough to be idle. Belongs to one thread.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_client.h"

namespace orders::test {

class SlowSender {
   public:
    // Sends `start` at once; the bytes of `rest` are to follow, again and again.
    SlowSender(int port, std::string_view start, std::string rest)
        : connection_(port), rest_(std::move(rest)) {
        connection_.send(start);
    }

    // The next byte, unless an answer has come: that is returned, and nothing more is sent.
    std::optional<HttpOutcome> trickle() {
        HttpOutcome outcome = connection_.read_answer(std::chrono::milliseconds(0));
        if (failure_of(outcome) != ConnectionFailure::timed_out) return outcome;
        connection_.send(std::string_view(rest_).substr(sent_++ % rest_.size(), 1));
        return std::nullopt;
    }
    RawConnection& connection() { return connection_; }

   private:
    RawConnection connection_;
    std::string rest_;
    std::size_t sent_ = 0;
};

// Each kind of request that can be sent without end: what it starts with, and what follows.
struct SlowRequest {
    std::string start;
    std::string rest;
};
[[nodiscard]] inline std::vector<SlowRequest> slow_requests(const std::string& path) {
    const std::string head = "POST " + path + " HTTP/1.1\r\nHost: a\r\n";
    return {{"GET /", "a"},
            {head + "X-Slow: ", "a"},
            {head, "X: a\r\n"},
            {head + "Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n", " "},
            {head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
             "1\r\n \r\n"}};
}

}  // namespace orders::test

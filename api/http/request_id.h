#pragma once

// What a request is called, in its answer and in the log, so that the two can be brought together:
// what the client calls it (the header X-Request-Id), or a new name. A value without memory of its
// own; making one needs neither the system nor a lock. For any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/http/message.h"

namespace orders::http {

class RequestId {
   public:
    static constexpr std::size_t max_length = 64;

    // No name.
    RequestId() noexcept = default;
    // 16 hexadecimal digits, as good as never the same ones.
    [[nodiscard]] static RequestId make() noexcept;
    // The client's, if that has 1 to 64 letters, digits and `. _ -`; else a new one.
    [[nodiscard]] static RequestId of(const Headers& headers) noexcept;

    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), length_}; }

   private:
    std::array<char, max_length> text_;  // not initialised: every request has one
    std::uint8_t length_ = 0;
};

}  // namespace orders::http

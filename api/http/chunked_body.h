#pragma once

// The parts of a body that is sent in chunks (RFC 9112, section 7.1).
//
// Pure functions, for any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace orders::http {

// The size that the line before a chunk gives, such as 31 in `1f;name=value`; empty if the line is
// anything but a hexadecimal number, perhaps with extensions, which mean nothing here.
[[nodiscard]] std::optional<std::size_t> chunk_size_in(std::string_view line) noexcept;

// The content of a whole body, whose framing has been checked.
[[nodiscard]] std::string joined_chunks(std::string_view framed_body);

}  // namespace orders::http

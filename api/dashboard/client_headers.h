#pragma once

// What a client says of the forms of an answer that it takes, and has: its headers Accept-Encoding
// and If-None-Match (RFC 9110, sections 12.5.3 and 13.1.2).

#include <string_view>

namespace orders {

// Whether the client takes gzip: it names it, or *, and not with a weight of 0.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

// Whether the list has the tag, weak or not, or is `*`.
[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag) noexcept;

}  // namespace orders

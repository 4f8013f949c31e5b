#pragma once

// The target of a request, and the host that it or the Host header names: RFC 9112, section 3.2,
// and RFC 3986, to the letter. Only characters that a URI cannot have, but that browsers send
// unencoded all the same, such as `|`, pass: none of them separates anything.
//
// Pure functions, for any thread.

#include <optional>
#include <string_view>

namespace orders::http {

// Whether the text is what a Host header may say: a host, perhaps with a colon and a port. Both may
// be empty.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

// What is wrong with the target of a request with that method, as a sentence for the client; empty
// if nothing is. A target is a path, perhaps with a query; or the same as an http:// URL; or `*`
// for OPTIONS, and HOST:PORT for CONNECT.
[[nodiscard]] std::optional<std::string_view> fault_of_target(std::string_view method,
                                                              std::string_view target) noexcept;

// Whether OPTIONS with this target, which has no fault, asks about the whole server: `*`, or an
// http:// URL with neither path nor query (RFC 9112, section 3.2.4).
[[nodiscard]] bool is_whole_server(std::string_view target) noexcept;

// Of a target without a fault, the path as the client wrote it.
[[nodiscard]] std::string_view path_of(std::string_view target) noexcept;

}  // namespace orders::http

#pragma once

// The description of the HTTP contract for programs (OpenAPI 3.1), and the route that gives it out.
// It is api/openapi/openapi.yaml, byte for byte.
//
// Handlers run on the server's threads, several at a time.

#include <string_view>

#include "api/http/server.h"

namespace orders {

inline constexpr std::string_view openapi_path = "/openapi.yaml";
inline constexpr http::Access openapi_access = http::Scope::read;

[[nodiscard]] std::string_view openapi_document() noexcept;

// GET of openapi_path.
void add_openapi_route(http::Server& server);

}  // namespace orders

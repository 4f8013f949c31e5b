#pragma once

// Who may use the API: whoever has one of its tokens. /livez and /readyz are open to everybody, so
// that health checks need no secret; all else, known or unknown, is answered with 401.

#include "api/access/tokens.h"
#include "api/http/server.h"

namespace orders {

[[nodiscard]] HttpGuard access_guard(AccessTokens tokens);

}  // namespace orders

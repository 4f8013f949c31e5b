#pragma once

// A lease as clients see it: an opaque text, `<order>.<token>.<incarnation>`. The last part says of
// which incarnation of the store it is (StoreIdentity), so that a lease from before a backup was
// put back fits nothing after it.
//
// Pure functions, for any thread.

#include <optional>
#include <string>
#include <string_view>

#include "shared/domain/claim.h"

namespace orders {

[[nodiscard]] std::string lease_text(const Lease& lease, std::string_view incarnation);

// Empty for a text that no store of this incarnation has ever handed out.
[[nodiscard]] std::optional<Lease> parse_lease(std::string_view text, std::string_view incarnation);

}  // namespace orders

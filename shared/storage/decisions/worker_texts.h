#pragma once

// What a worker's row says of it as a list in one text: the kinds that it takes, and what it sends
// orders to. The second ones of each pair return nothing if the text is not valid.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/endpoint_state.h"
#include "shared/domain/kind.h"

namespace orders {

[[nodiscard]] std::string kinds_as_text(const std::vector<Kind>& kinds);
[[nodiscard]] std::optional<std::vector<Kind>> kinds_from_text(std::string_view text);

[[nodiscard]] std::string endpoints_as_text(const std::vector<EndpointState>& endpoints);
[[nodiscard]] std::optional<std::vector<EndpointState>> endpoints_from_text(std::string_view text);

// All of several workers', one for each kind: together in flight, and open if one of them says so.
[[nodiscard]] std::vector<EndpointState> merged(const std::vector<EndpointState>& endpoints);

}  // namespace orders

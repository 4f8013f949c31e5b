#pragma once

// What a processor may return is bounded (claim.h); what is stored and shown to clients keeps to
// that whatever a processor does.

#include "shared/domain/claim.h"

namespace orders {

// The result as it is to be stored: a detail that is too long is cut, at the end of a character,
// and its bytes that are not UTF-8 are replaced. A result that is too long or not JSON, and a
// reason that breaks the rule, become a Failure with the reason `processor_error`.
[[nodiscard]] ProcessingResult kept_within_bounds(ProcessingResult result);

}  // namespace orders

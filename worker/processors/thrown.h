#pragma once

// What an exception of a processor comes to. Any thread may call it.

#include "shared/domain/claim.h"

namespace orders {

// To be called while an exception is being handled, which it logs.
[[nodiscard]] ProcessingResult result_of_exception(const ClaimedOrder& order);

}  // namespace orders

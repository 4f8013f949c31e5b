#pragma once

// What programs say that meet a store which a copy has closed (CopyMark in copy_end.h), the same
// whichever backend keeps the mark.

#include <optional>
#include <string>

#include "shared/storage/copy_end.h"

namespace orders {

// `here` is what people call the store, as Storage::describe(). Throws StoreError (unusable) if no
// program may open it.
void require_open(const std::optional<CopyMark>& mark, const std::string& here);

}  // namespace orders

#pragma once

// Copies an order store while it is in use.

#include <string>

#include "shared/storage/maintenance.h"

namespace orders::sqlite {

// As Storage::back_up in shared/storage/maintenance.h.
[[nodiscard]] Backup back_up(const std::string& location, const std::string& file);

}  // namespace orders::sqlite

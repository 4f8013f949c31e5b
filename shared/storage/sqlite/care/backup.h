#pragma once

// Copies an order store while it is in use.

#include <string>

#include "shared/storage/store_maintenance.h"

namespace orders::sqlite {

// As back_up_orders in shared/storage/store_maintenance.h.
[[nodiscard]] Backup back_up(const std::string& location, const std::string& file);

}  // namespace orders::sqlite

#pragma once

// The row that says whether the store is, or was, one end of a copy (CopyMark in copy_end.h).

#include <optional>
#include <string>

#include "shared/storage/copy_end.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// Of a store whose schema is up to date. Throw StoreError.
[[nodiscard]] std::optional<CopyMark> copy_mark_of(Connection& connection);
void set_copy_mark(Connection& connection, const CopyMark& mark);

// Throws StoreError (unusable) if a copy has closed the store to programs.
void require_open_store(const std::string& path);

}  // namespace orders::sqlite

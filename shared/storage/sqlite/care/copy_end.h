#pragma once

// One end of a copy, in a file (shared/storage/copy_end.h).
//
// It has the store to itself: it holds byte 0 of the presence file alone, so programs that come
// meanwhile wait; afterwards the mark tells them. Whoever had the store open is noticed before
// that, as by restore (sole_use.h). Leaves one file, as programs do that stop.

#include <memory>
#include <string>

#include "shared/storage/copy_end.h"
#include "shared/storage/sqlite/clock.h"

namespace orders::sqlite {

// `path` is store_path()'s; if there is no file, it is created. The clock must outlive the end.
// Throws StoreError: unusable if a program has the store open.
[[nodiscard]] std::unique_ptr<CopyEnd> open_copy_end(const std::string& path, const Clock& clock);

}  // namespace orders::sqlite

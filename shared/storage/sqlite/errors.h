#pragma once

// The StoreErrors of this backend. What is unusable stays so for as long as the process lives, and
// after a commit with an unknown outcome only a new process, which recovers the log, can tell what
// is stored: both call for a restart.

#include <string_view>

#include "shared/storage/store_error.h"

namespace orders::sqlite {

[[nodiscard]] inline StoreError unusable(std::string_view operation, std::string_view detail,
                                         std::string_view hint = {}) {
    return {StoreError::Kind::unusable, StoreError::Cure::restart, operation, detail, hint};
}

}  // namespace orders::sqlite

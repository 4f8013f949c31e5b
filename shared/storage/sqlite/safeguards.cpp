#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {

bool is_on(Safeguard) noexcept {
    return true;
}

}  // namespace orders::sqlite

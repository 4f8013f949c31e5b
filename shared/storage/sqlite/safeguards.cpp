#include "shared/storage/sqlite/safeguards.h"

namespace orders::sqlite {

bool is_on(Safeguard) noexcept {
    return true;
}

std::int64_t token_to_match(const Lease& lease, Connection&) {
    return lease.token;
}

}  // namespace orders::sqlite

#include "shared/storage/decisions/copy_refusals.h"

#include "shared/storage/store_error.h"

namespace orders {
namespace {

StoreError closed(const std::string& here, const std::string& detail, const std::string& hint) {
    return {StoreError::Kind::unusable, StoreError::Cure::restart, "use " + here, detail, hint};
}

}  // namespace

void require_open(const std::optional<CopyMark>& mark, const std::string& here) {
    if (!mark) return;
    const std::string take_back =
        "to go on here, and with what is here, order-api reopen --db " + here;
    switch (mark->state) {
        case CopyState::moving:
            throw closed(here, "its orders are being moved to " + mark->other,
                         "finish that by the same order-api copy again, or " + take_back);
        case CopyState::moved:
            throw closed(here, "its orders were moved to " + mark->other,
                         "start the programs with that; " + take_back);
        case CopyState::unfinished:
            throw closed(here, "it is an unfinished copy of " + mark->other,
                         "finish it by the same order-api copy again");
        case CopyState::finished:
            return;
    }
}

}  // namespace orders

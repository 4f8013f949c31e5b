#include "shared/storage/sqlite/spare_pages.h"

#include "shared/storage/sqlite/shrinkable.h"

namespace orders::sqlite {

SparePages::SparePages(Connection& connection, const SparePagesPace& pace)
    : connection_(connection),
      pace_(pace),
      can_shrink_(is_shrinkable(connection)),
      spare_(connection, "PRAGMA freelist_count"),
      all_(connection, "PRAGMA page_count"),
      cut_off_(connection, "PRAGMA incremental_vacuum") {}

void SparePages::cut_off_if_due(Turnstile& turnstile) {
    if (!can_shrink_) return;
    if (std::chrono::steady_clock::now() < next_look_) return;
    if (!are_too_many()) {
        next_look_ = std::chrono::steady_clock::now() + pace_.between_looks;
        return;
    }
    const Turnstile::Pass pass = turnstile.enter();
    cut_off_portion();
    next_look_ = std::chrono::steady_clock::now() + pace_.between_portions;
}

bool SparePages::are_too_many() {
    const std::int64_t pages = all_.number();
    return pages > pace_.smallest_file_pages && spare_.number() > pages / 2;
}

// By the time that it takes, because pages cost very different times: those at the end of the file
// that are spare themselves are looked for in the whole list of them.
void SparePages::cut_off_portion() {
    connection_.execute("BEGIN IMMEDIATE");
    try {
        const SteadyTime end = std::chrono::steady_clock::now() + pace_.portion;
        {
            Cursor pages = cut_off_.query();  // a row for each page
            while (pages.next() && std::chrono::steady_clock::now() < end) {
            }
        }
        connection_.commit();
    } catch (...) {
        connection_.roll_back();
        throw;
    }
}

}  // namespace orders::sqlite

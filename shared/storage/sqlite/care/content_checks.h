#pragma once

// The part of verify() that looks at what few orders have: what they carry, what came of them,
// their past attempts, and at their places in the queue.

#include "shared/storage/sqlite/care/findings.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// Throws StoreError if a page cannot be read. That a row has its order is checked elsewhere: it is
// a foreign key.
void check_content(Connection& connection, Findings& findings);

}  // namespace orders::sqlite

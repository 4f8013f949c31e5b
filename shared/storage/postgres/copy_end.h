#pragma once

// One end of a copy, in a database (shared/storage/copy_end.h).
//
// Programs leave nothing in a session that would tell of them, so whether one has the store open is
// known by what there is: workers of ours that live, and connections that bear this project's name.
// A pooler may hide those, and a URL may give them another name. So the mark does not only keep
// programs from opening the store: begin_group() in migrations/postgres refuses to write to it, for
// whoever has it open.

#include <memory>
#include <optional>

#include "shared/storage/copy_end.h"
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/server_url.h"

namespace orders::postgres {

// Makes the schema if it is not there. Throws StoreError: unusable if a program has the store open,
// as far as is known.
[[nodiscard]] std::unique_ptr<CopyEnd> open_copy_end(const ServerUrl& url);

// Of a store whose schema is up to date. Throws ServerError.
[[nodiscard]] std::optional<CopyMark> copy_mark_of(Connection& connection);

}  // namespace orders::postgres

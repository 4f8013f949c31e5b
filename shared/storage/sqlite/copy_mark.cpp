#include "shared/storage/sqlite/copy_mark.h"

#include <cstdint>

#include "shared/storage/decisions/copy_refusals.h"

namespace orders::sqlite {

std::optional<CopyMark> copy_mark_of(Connection& connection) {
    Statement query(connection, "SELECT state, copy, other FROM copies WHERE id = 1");
    Cursor row = query.query();
    if (!row.next()) return std::nullopt;
    return CopyMark{.state = static_cast<CopyState>(row.get<std::int64_t>(0)),
                    .copy = row.get<std::string>(1),
                    .other = row.get<std::string>(2)};
}

void set_copy_mark(Connection& connection, const CopyMark& mark) {
    Statement(connection,
              "INSERT INTO copies (id, state, copy, other) VALUES (1, ?1, ?2, ?3)"
              " ON CONFLICT (id) DO UPDATE SET state = ?1, copy = ?2, other = ?3")
        .run(static_cast<std::int64_t>(mark.state), mark.copy, mark.other);
}

void require_open_store(const std::string& path) {
    Connection connection(path, Connection::Access::read_only);
    require_open(copy_mark_of(connection), path);
}

}  // namespace orders::sqlite

#pragma once

// How much the statements of a SQLite connection have looked at since the last call, in steps of
// its virtual machine, of which a row takes several.

#include <sqlite3.h>

namespace orders::test {

[[nodiscard]] inline int vm_steps_since_last_call(sqlite3* connection) {
    int steps = 0;
    sqlite3_stmt* statement = nullptr;
    while ((statement = sqlite3_next_stmt(connection, statement)) != nullptr) {
        steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return steps;
}

}  // namespace orders::test

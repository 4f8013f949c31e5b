#pragma once

// pgbouncer in front of a PostgreSQL server, in transaction mode: each transaction gets whichever
// of the few connections to the server is free. It listens on 127.0.0.1, and is gone with the
// object.

#include <memory>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/postgres_server.h"
#include "tests/support/proxy_program.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

class PgBouncer {
   public:
    // Installed, or unpacked by ./dev.
    [[nodiscard]] static bool is_available() { return proxy_program("pgbouncer").has_value(); }

    // Accepts connections when the constructor returns. `pool_size` connections to each database.
    PgBouncer(const PostgresServer& server, int pool_size);

    [[nodiscard]] std::string url_of(const std::string& database) const;

   private:
    TempDir directory_;
    int port_ = port_to_keep();
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace orders::test

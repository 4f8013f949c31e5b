#pragma once

// A PostgreSQL server of the test's own: a new cluster in a temporary directory, reached through a
// socket there, and gone with the process. Several databases may be made in it.
//
// PostgreSQL does not run as root: then its processes run as the user `postgres`. If it is not
// installed, is_available() is false, and the tests that need it are skipped.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace orders::test {

class PostgresServer {
   public:
    // Whether commits are written to the disk, as they are wherever it matters.
    enum class Sync { on, off };

    [[nodiscard]] static bool is_available();

    // Makes the cluster, and starts it; with these lines of postgresql.conf besides. Throws
    // std::runtime_error.
    explicit PostgresServer(Sync sync, const std::string& more_settings = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    // Makes a database, and returns the URL of it.
    [[nodiscard]] std::string make_database(const std::string& name);
    // The same, with its data in this directory, which everybody may write to.
    [[nodiscard]] std::string make_database(const std::string& name, const std::string& directory);
    [[nodiscard]] std::string url_of(const std::string& database) const;
    // The path of its socket.
    [[nodiscard]] std::string socket() const { return directory_.file(".s.PGSQL.5432"); }

    // As a crash: kill -9 of the server, and its start, with recovery.
    void kill();
    void start();
    // All of its processes stand still, and its kernel answers for them as before.
    void freeze();
    void thaw();

    // Becomes a standby of the other one, with a copy of what that has, and nothing else.
    void follow(const PostgresServer& primary);
    void promote();

    // A setting, from now on.
    void set(const std::string& name, const std::string& value) const;
    // From now on only whom a line of these lets in, in the form of pg_hba.conf; and its owner.
    void set_access(const std::string& lines) const;
    // Restarts it so that it also listens on 127.0.0.1, and returns the port.
    int listen();
    // Lets those who come that way use TLS, for which it makes a certificate; returns the path of
    // that.
    [[nodiscard]] std::string allow_tls() const;

    // All that it has logged.
    [[nodiscard]] std::string log() const;

    // Runs SQL in the database as its owner, and returns what psql prints.
    std::string run(const std::string& database, const std::string& sql) const;

   private:
    [[nodiscard]] std::string data() const { return directory_.file("data"); }
    [[nodiscard]] pid_t postmaster() const;
    void stop();

    TempDir directory_;
    pid_t owner_;
    int port_ = 0;  // of 127.0.0.1, if it listens there
};

// Runs SQL in the database of this URL, and returns what psql prints, with these options of its.
std::string run_psql(const std::string& url, const std::string& sql,
                     const std::vector<std::string>& options = {});

// Whether there is no PostgreSQL here; then it also says that the test is skipped.
[[nodiscard]] bool is_postgres_missing();

// The one for all cases of this process that only need some server, without Sync; made when it is
// first asked for.
[[nodiscard]] PostgresServer& common_postgres_server();

}  // namespace orders::test

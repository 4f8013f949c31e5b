#include "tests/support/pgbouncer.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/http_client.h"

namespace orders::test {
namespace {

std::string configuration(const std::string& folder, int port, const std::string& server_folder,
                          int pool_size) {
    return "[databases]\n* = host=" + server_folder +
           "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + std::to_string(port) +
           "\nunix_socket_dir =\nauth_type = trust\nauth_file = " + folder +
           "/users\npool_mode = transaction\nmax_client_conn = 500\ndefault_pool_size = " +
           std::to_string(pool_size) + "\nlog_connections = 0\nlog_disconnections = 0\n";
}

}  // namespace

PgBouncer::PgBouncer(const PostgresServer& server, int pool_size) {
    namespace fs = std::filesystem;
    fs::permissions(directory_.path(), fs::perms::all);
    const std::string folder = directory_.path().string();
    // A copy, since not everybody may enter the folder that ./dev unpacks it into.
    const std::string program = directory_.file("pgbouncer");
    fs::copy_file(proxy_program("pgbouncer").value(), program);
    const std::string file = directory_.file("pgbouncer.ini");
    std::ofstream(file) << configuration(folder, port_, fs::path(server.socket()).parent_path(),
                                         pool_size);
    std::ofstream(directory_.file("users")) << "\"orders\" \"\"\n";
    // It does not run as root either.
    const std::vector<std::string> as_other{"--reuid=postgres",
                                            "--regid=postgres",
                                            "--clear-groups",
                                            "--pdeathsig=KILL",
                                            "--",
                                            program,
                                            file};
    process_ = ::geteuid() == 0
                   ? std::make_unique<ChildProcess>("/usr/bin/setpriv", as_other)
                   : std::make_unique<ChildProcess>(program, std::vector<std::string>{file});
    eventually(patience, [&] {
        if (process_->ending()) throw std::runtime_error("pgbouncer ended:\n" + process_->tail());
        return RawConnection(port_).is_open();
    });
}

std::string PgBouncer::url_of(const std::string& database) const {
    return "postgresql://orders@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

}  // namespace orders::test

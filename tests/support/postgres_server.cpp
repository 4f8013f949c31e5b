#include "tests/support/postgres_server.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "tests/support/file_contents.h"
#include "tests/support/free_port.h"
#include "tests/support/skipped.h"

namespace orders::test {
namespace {

// Where Debian has it, the newest first.
std::string program_folder() {
    for (int version = 30; version >= 15; --version) {
        const std::string folder = "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
        if (std::filesystem::exists(folder + "/initdb")) return folder;
    }
    return {};
}

std::string quoted(const std::string& text) {
    std::string all = "'";
    for (const char c : text) {
        if (c == '\'') all += "'\\'";
        all += c;
    }
    return all + "'";
}

// Returns what it printed.
std::string run_in_shell(const std::string& command) {
    const std::string line = "{ " + command + "; } 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "re"), nullptr);
    if (!pipe) throw std::runtime_error("popen " + command);
    std::string output;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
        output.append(buffer.data(), got);
    }
    if (::pclose(const_cast<std::unique_ptr<FILE, int (*)(FILE*)>&>(pipe).release()) != 0) {
        throw std::runtime_error(command + ": " + output);
    }
    return output;
}

// As a user that PostgreSQL runs as.
std::string run_as_owner(const std::string& command) {
    const std::string shell =
        ::geteuid() == 0 ? "cd / && runuser -u postgres -- sh -c " : "cd / && sh -c ";
    return run_in_shell(shell + quoted(command));
}

// By initdb, which takes a second, only once for each build: later ones are copies of the first.
void make_cluster(const std::string& data) {
    const std::string programs = program_folder();
    const std::string version = std::filesystem::path(programs).parent_path().filename().string();
    const std::string first = ORDERS_BINARY_DIR "/postgres-cluster-" + version;
    if (std::filesystem::exists(first)) {
        run_in_shell("cp -a " + quoted(first) + " " + quoted(data));
        return;
    }
    run_as_owner(programs + "/initdb --no-sync --auth=trust --username=orders --encoding=UTF8" +
                 " --locale=C -D " + quoted(data));
    const std::string copy = first + "." + std::to_string(::getpid());
    // Of several that come first at the same time one is kept.
    run_in_shell("cp -a " + quoted(data) + " " + quoted(copy) + " && { mv -T " + quoted(copy) +
                 " " + quoted(first) + " || rm -rf " + quoted(copy) + "; }");
}

}  // namespace

bool PostgresServer::is_available() {
    return !program_folder().empty();
}

PostgresServer::PostgresServer(Sync sync, const std::string& more_settings) : owner_(::getpid()) {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
    make_cluster(data());
    std::ofstream settings(data() + "/postgresql.conf", std::ios::app);
    settings << "listen_addresses = ''\nunix_socket_directories = '" << directory_.path().string()
             << "'\nshared_buffers = 64MB\nmax_connections = 200\nlog_min_messages = fatal\n";
    if (sync == Sync::off) settings << "fsync = off\nfull_page_writes = off\n";
    settings << more_settings << "\n";
    settings.close();
    // For those that listen on more than their socket.
    std::ofstream(data() + "/pg_hba.conf", std::ios::app) << "host all all samenet trust\n";
    start();
}

PostgresServer::~PostgresServer() {
    if (owner_ != ::getpid()) return;  // a copy of the process is not the one that made it
    stop();
}

void PostgresServer::stop() {
    try {
        run_as_owner(program_folder() + "/pg_ctl stop --mode=immediate -D " + quoted(data()));
    } catch (const std::exception&) {  // it is not running
    }
}

void PostgresServer::start() {
    // Ends it even if this process is killed.
    run_as_owner("(while [ -d /proc/" + std::to_string(owner_) + " ]; do sleep 1; done; " +
                 program_folder() + "/pg_ctl stop --silent --mode=immediate -D " + quoted(data()) +
                 ") >/dev/null 2>&1 </dev/null &");
    run_as_owner(program_folder() + "/pg_ctl start --wait --silent -D " + quoted(data()) + " -l " +
                 quoted(directory_.file("log")));
}

void PostgresServer::follow(const PostgresServer& primary) {
    stop();
    std::filesystem::remove_all(data());
    run_as_owner(program_folder() +
                 "/pg_basebackup --no-sync --checkpoint=fast --write-recovery-conf" +
                 " --host=" + quoted(primary.directory_.path().string()) +
                 " --username=orders --pgdata=" + quoted(data()));
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << "unix_socket_directories = '" << directory_.path().string() << "'\n";
    start();
}

void PostgresServer::promote() {
    run_as_owner(program_folder() + "/pg_ctl promote --wait --silent -D " + quoted(data()));
}

pid_t PostgresServer::postmaster() const {
    std::ifstream file(data() + "/postmaster.pid");
    pid_t postmaster = 0;
    file >> postmaster;
    if (postmaster <= 1) throw std::runtime_error("the server is not running");
    return postmaster;
}

void PostgresServer::kill() {
    const pid_t killed = postmaster();
    ::kill(killed, SIGKILL);
    // Its other processes notice, and end.
    run_as_owner("while pgrep -g " + std::to_string(killed) + " >/dev/null || pgrep -P " +
                 std::to_string(killed) + " >/dev/null; do sleep 0.01; done");
}

// The one that makes the others first.
void PostgresServer::freeze() {
    const std::string parent = std::to_string(postmaster());
    run_as_owner("kill -STOP " + parent + " && kill -STOP $(pgrep -P " + parent + ")");
}

void PostgresServer::thaw() {
    const std::string parent = std::to_string(postmaster());
    run_as_owner("kill -CONT $(pgrep -P " + parent + ") " + parent);
}

void PostgresServer::set(const std::string& name, const std::string& value) const {
    run("template1", "ALTER SYSTEM SET " + name + " = " + value);
    run("template1", "SELECT pg_reload_conf()");
}

void PostgresServer::set_access(const std::string& lines) const {
    std::ofstream(data() + "/pg_hba.conf") << "local all orders trust\n" << lines << '\n';
    run("template1", "SELECT pg_reload_conf()");
}

int PostgresServer::listen() {
    port_ = free_port();
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << "listen_addresses = '127.0.0.1'\nport = " << port_ << '\n';
    run_as_owner(program_folder() + "/pg_ctl restart --wait --silent --mode=fast -D " +
                 quoted(data()) + " -l " + quoted(directory_.file("log")));
    return port_;
}

std::string PostgresServer::allow_tls() const {
    const std::string certificate = directory_.file("server.crt");
    run_as_owner("cd " + quoted(data()) +
                 " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
                 " -addext subjectAltName=IP:127.0.0.1 -keyout server.key -out server.crt"
                 " && cp server.crt " +
                 quoted(certificate));
    set("ssl", "on");
    return certificate;
}

std::string PostgresServer::url_of(const std::string& database) const {
    std::string socket;
    for (const char c : directory_.path().string()) socket += c == '/' ? "%2F" : std::string(1, c);
    if (port_ != 0) socket += ":" + std::to_string(port_);
    return "postgresql://orders@" + socket + "/" + database;
}

std::string PostgresServer::make_database(const std::string& name) {
    run("template1", "CREATE DATABASE \"" + name + "\"");
    return url_of(name);
}

std::string PostgresServer::make_database(const std::string& name, const std::string& directory) {
    const std::string place = directory + "/" + name;
    run_as_owner("mkdir " + quoted(place));
    run("template1", "CREATE TABLESPACE \"" + name + "\" LOCATION '" + place + "'");
    run("template1", "CREATE DATABASE \"" + name + "\" TABLESPACE \"" + name + "\"");
    return url_of(name);
}

std::string PostgresServer::log() const {
    return contents_of(directory_.file("log"));
}

std::string PostgresServer::run(const std::string& database, const std::string& sql) const {
    return run_psql(url_of(database), sql);
}

std::string run_psql(const std::string& url, const std::string& sql,
                     const std::vector<std::string>& options) {
    std::string command = program_folder() +
                          "/psql --no-psqlrc --quiet --tuples-only --no-align"
                          " --set=ON_ERROR_STOP=1";
    for (const std::string& option : options) command += " " + quoted(option);
    return run_in_shell(command + " --dbname=" + quoted(url) + " --command=" + quoted(sql));
}

bool is_postgres_missing() {
    if (PostgresServer::is_available()) return false;
    skipped("PostgreSQL is not installed");
    return true;
}

PostgresServer& common_postgres_server() {
    static PostgresServer server(PostgresServer::Sync::off);
    return server;
}

}  // namespace orders::test

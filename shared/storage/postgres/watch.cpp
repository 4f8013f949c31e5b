// Watches (work_watch.h) by LISTEN: one connection for each. Through a pooler that gives each
// transaction another connection they would hear nothing, and others hear what is theirs: so a
// watch finds out, and then does not listen. Those who wait look every now and then.

#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "shared/os/poll_until.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

constexpr std::chrono::seconds echo_time{1};

// Whether what another connection tells arrives on this one.
bool is_heard(const Server& server, Connection& connection) {
    const auto backend = connection.query("SELECT pg_backend_pid()").get<std::int64_t>(0, 0);
    if (backend == connection.backend()) return true;  // there is no pooler
    connection.run("LISTEN orders_echo");
    (void)connection.take_notifications();
    Connection(server.url()).run("SELECT pg_notify('orders_echo', '')");
    std::array<pollfd, 1> source{pollfd{connection.fd(), POLLIN, 0}};
    const SteadyTime end = std::chrono::steady_clock::now() + echo_time;
    while (connection.take_notifications() == 0) {
        if (std::chrono::steady_clock::now() >= end) return false;
        poll_until(source, end);
    }
    connection.run("UNLISTEN orders_echo");
    return true;
}

class ListeningWatch final : public WorkWatch {
   public:
    ListeningWatch(SharedServer server, Bell bell)
        : server_(std::move(server)), bell_(bell), session_(*server_) {
        listen();
    }

    int fd() const noexcept override { return fd_; }

    void clear() noexcept override {
        try {
            if (fd_ >= 0) {
                (void)session_.connection().take_notifications();
            } else {
                listen();
            }
        } catch (const std::exception&) {
            session_.drop_connection();
            fd_ = -1;
        }
    }

   private:
    void listen() noexcept {
        if (server_->is_unheard()) return;
        try {
            Connection& connection = session_.connection();
            if (!is_heard(*server_, connection)) {
                session_.drop_connection();
                return server_->note_unheard();
            }
            connection.run(bell_ == Bell::work ? Sql("LISTEN orders_work")
                                               : Sql("LISTEN orders_ends"));
            fd_ = connection.fd();
        } catch (const std::exception&) {  // whoever uses the store says so
            session_.drop_connection();
            fd_ = -1;
        }
    }

    const SharedServer server_;
    const Bell bell_;
    Session session_;
    int fd_ = -1;
};

}  // namespace

std::unique_ptr<WorkWatch> open_watch(SharedServer server, Bell bell) {
    return std::make_unique<ListeningWatch>(std::move(server), bell);
}

}  // namespace orders::postgres

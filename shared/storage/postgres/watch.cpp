// Watches (work_watch.h) by LISTEN: one connection for each. Through a pooler that gives each
// transaction another connection they hear nothing, and those who wait look every now and then.

#include <chrono>
#include <memory>
#include <utility>

#include "shared/log/log.h"
#include "shared/os/steady_time.h"
#include "shared/storage/postgres/errors.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

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
        try {
            Connection& connection = session_.connection();
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

#include "shared/storage/postgres/server.h"

#include <chrono>

#include "shared/log/log.h"

namespace orders::postgres {

void Server::note_lost(const std::string& detail, SteadyTime then) {
    {
        const MutexLock lock(mutex_);
        if (then < reached_at_ || std::exchange(is_lost_, true)) return;
        lost_since_ = std::chrono::steady_clock::now();
    }
    log::error("the database cannot be reached",
               {{"db", url_.describe()}, {"detail", detail}, {"consequence", "it is waited for"}});
}

void Server::note_reached() {
    std::chrono::duration<double> away{};
    {
        const MutexLock lock(mutex_);
        reached_at_ = std::chrono::steady_clock::now();
        if (!std::exchange(is_lost_, false)) return;
        away = reached_at_ - lost_since_;
    }
    log::info("the database is reached again",
              {{"db", url_.describe()}, {"seconds", away.count()}});
}

bool Server::is_lost() const {
    const MutexLock lock(mutex_);
    return is_lost_;
}

void Server::note_unheard() {
    {
        const MutexLock lock(mutex_);
        if (std::exchange(is_unheard_, true)) return;
    }
    log::warn("a pooler keeps the database's notifications back",
              {{"db", url_.describe()},
               {"consequence", "what is new is found by looking for it, every now and then"},
               {"hint", "connect to the server itself, or by a pool of sessions"}});
}

bool Server::is_unheard() const {
    const MutexLock lock(mutex_);
    return is_unheard_;
}

bool Server::is_ready() const {
    const MutexLock lock(mutex_);
    return is_ready_;
}

void Server::note_ready() {
    const MutexLock lock(mutex_);
    is_ready_ = true;
}

}  // namespace orders::postgres

#include "shared/storage/postgres/server.h"

#include <algorithm>
#include <cstdint>

#include "shared/log/log.h"

namespace orders::postgres {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{1'000};

}  // namespace

void Server::note_lost(const std::string& detail, SteadyTime then) {
    {
        const MutexLock lock(mutex_);
        if (then < reached_at_ || std::exchange(is_lost_, true)) return;
        lost_since_ = std::chrono::steady_clock::now();
        loss_ = detail;
        put_off_next_try();
    }
    log::error("the database cannot be reached",
               {{"db", url_.describe()}, {"detail", detail}, {"consequence", "it is waited for"}});
}

void Server::note_reached() {
    std::chrono::duration<double> away{};
    {
        const MutexLock lock(mutex_);
        reached_at_ = std::chrono::steady_clock::now();
        is_being_tried_ = false;
        pause_ = {};
        if (!std::exchange(is_lost_, false)) return;
        away = reached_at_ - lost_since_;
    }
    log::info("the database is reached again",
              {{"db", url_.describe()}, {"seconds", away.count()}});
}

bool Server::may_try() {
    const MutexLock lock(mutex_);
    if (!is_lost_) return true;
    if (is_being_tried_ || std::chrono::steady_clock::now() < next_try_) return false;
    return is_being_tried_ = true;
}

void Server::note_not_reached() {
    const MutexLock lock(mutex_);
    is_being_tried_ = false;
    put_off_next_try();
}

// Not all programs that lost it come back at once.
void Server::put_off_next_try() {
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
    std::uniform_int_distribution<std::int64_t> spread(pause_.count() / 2, pause_.count());
    next_try_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(spread(random_));
}

std::string Server::loss() const {
    const MutexLock lock(mutex_);
    return loss_;
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

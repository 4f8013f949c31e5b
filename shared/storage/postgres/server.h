#pragma once

// The server that has the orders: its URL, and whether it can be reached and heard, which all who
// use it find out together. So its loss is logged once, and its return.
//
// Any thread may call it.

#include <chrono>
#include <random>
#include <string>
#include <utility>

#include "shared/metrics/work_figures.h"
#include "shared/os/mutex.h"
#include "shared/os/steady_time.h"
#include "shared/storage/postgres/server_url.h"

namespace orders::postgres {

class Server {
   public:
    explicit Server(ServerUrl url) : url_(std::move(url)) {}
    // What those that write to it have measured.
    [[nodiscard]] StoreWork& work() noexcept { return work_; }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const ServerUrl& url() const noexcept { return url_; }

    // Somebody has connected; or has lost what he had connected or tried to connect by then, which
    // tells nothing if another has connected since.
    void note_reached();
    void note_lost(const std::string& detail, SteadyTime then);

    // Whether to try to connect now. While it is lost, only one at a time does, with a pause in
    // between, so that all others fail at once and wait for nothing. Whoever may try says how that
    // ended: note_reached() or note_not_reached().
    [[nodiscard]] bool may_try();
    void note_not_reached();
    // What was noted when it was lost.
    [[nodiscard]] std::string loss() const;

    // Somebody has found that no notification comes from there: because of a pooler that gives each
    // transaction another connection to the server.
    void note_unheard();
    [[nodiscard]] bool is_unheard() const;

    // Whether somebody has brought its schema up to date.
    [[nodiscard]] bool is_ready() const;
    void note_ready();

   private:
    void put_off_next_try() REQUIRES(mutex_);

    const ServerUrl url_;
    StoreWork work_;  // synchronises itself

    mutable Mutex mutex_;
    bool is_lost_ GUARDED_BY(mutex_) = false;
    SteadyTime lost_since_ GUARDED_BY(mutex_){};
    SteadyTime reached_at_ GUARDED_BY(mutex_){};
    std::string loss_ GUARDED_BY(mutex_);
    bool is_being_tried_ GUARDED_BY(mutex_) = false;
    std::chrono::milliseconds pause_ GUARDED_BY(mutex_){0};
    SteadyTime next_try_ GUARDED_BY(mutex_){};
    std::minstd_rand random_ GUARDED_BY(mutex_){std::random_device{}()};
    bool is_unheard_ GUARDED_BY(mutex_) = false;
    bool is_ready_ GUARDED_BY(mutex_) = false;
};

}  // namespace orders::postgres

#pragma once

// Wakes idle workers when there is work, and those that wait for orders to end: for each of the two
// a small file beside the database that a store touches after a commit and that others, in any
// process or container, watch with inotify.
//
// The bell makes things quick, never correct: a ring may be missed (a full inotify queue, a file
// system without inotify), so a watcher also looks for work every now and then. It must be
// rung after the commit; watching the database's own files instead would wake before the commit is
// visible.
//
// So a bell that cannot be rung or heard is no error: there may be no inotify instance or watch
// left, a sandbox may refuse them, or the file cannot be created. That is logged once, and tried
// again every now and then.

#include <chrono>
#include <string>

#include "shared/os/file_descriptor.h"
#include "shared/os/steady_time.h"
#include "shared/storage/work_watch.h"

namespace orders::sqlite {

inline constexpr std::chrono::milliseconds doorbell_retry_interval{10'000};

enum class Bell { work, ends };

// Belongs to one thread.
class Doorbell {
   public:
    // Creates the file if it is missing.
    Doorbell(const std::string& database_path, Bell bell,
             std::chrono::milliseconds retry_interval = doorbell_retry_interval);
    void ring() noexcept;

   private:
    void open() noexcept;
    void complain(const std::string& detail) noexcept;

    const Bell bell_;
    const std::string path_;
    const std::chrono::milliseconds retry_interval_;
    FileDescriptor file_;
    SteadyTime next_try_{};
    bool has_complained_ = false;
};

class DoorbellWatch final : public WorkWatch {
   public:
    // Creates the file if it is missing.
    DoorbellWatch(const std::string& database_path, Bell bell,
                  std::chrono::milliseconds retry_interval = doorbell_retry_interval);
    [[nodiscard]] int fd() const noexcept override { return inotify_.get(); }
    void clear() noexcept override;

   private:
    void listen() noexcept;
    void complain(const std::string& detail) noexcept;

    const Bell bell_;
    const std::string path_;
    const std::chrono::milliseconds retry_interval_;
    FileDescriptor inotify_;  // not open while the bell cannot be heard
    SteadyTime next_try_{};
    bool has_complained_ = false;
};

}  // namespace orders::sqlite

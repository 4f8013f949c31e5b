#include "shared/storage/sqlite/doorbell.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "shared/log/log.h"
#include "shared/storage/sqlite/companion_file.h"

namespace orders::sqlite {
namespace {

std::string bell_path(const std::string& database_path, Bell bell) {
    return database_path + (bell == Bell::work ? ".doorbell" : ".endbell");
}

const char* consequence_of_silence(Bell bell) {
    return bell == Bell::work ? "workers find new orders only when they look, a few times a second"
                              : "those that wait for an order to end learn it only when they look";
}

}  // namespace

// The first process to come creates the file. No process ever truncates, renames or removes it: a
// watch is on the file itself, not on its name, and would go deaf.
Doorbell::Doorbell(const std::string& database_path, Bell bell,
                   std::chrono::milliseconds retry_interval)
    : bell_(bell), path_(bell_path(database_path, bell)), retry_interval_(retry_interval) {
    open();
}

void Doorbell::open() noexcept {
    next_try_ = std::chrono::steady_clock::now() + retry_interval_;
    try {
        file_ = open_companion_file(path_);
    } catch (const std::exception& error) {
        complain(error.what());
    }
}

void Doorbell::ring() noexcept {
    if (!file_.is_open()) {
        if (std::chrono::steady_clock::now() < next_try_) return;
        open();
        if (!file_.is_open()) return;
    }
    // Always the same byte: the file does not grow, and each write is an event to the watchers.
    ssize_t written = -1;
    do {
        written = ::pwrite(file_.get(), "!", 1, 0);
    } while (written < 0 && errno == EINTR);
    if (written != 1) complain(std::strerror(errno));
}

void Doorbell::complain(const std::string& detail) noexcept {
    if (std::exchange(has_complained_, true)) return;
    log::warn(
        "doorbell cannot be rung",
        {{"file", path_}, {"detail", detail}, {"consequence", consequence_of_silence(bell_)}});
}

DoorbellWatch::DoorbellWatch(const std::string& database_path, Bell bell,
                             std::chrono::milliseconds retry_interval)
    : bell_(bell), path_(bell_path(database_path, bell)), retry_interval_(retry_interval) {
    listen();
}

void DoorbellWatch::listen() noexcept {
    next_try_ = std::chrono::steady_clock::now() + retry_interval_;
    FileDescriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify.is_open()) return complain(std::strerror(errno));
    try {
        const FileDescriptor file = open_companion_file(path_);
    } catch (const std::exception& error) {
        return complain(error.what());
    }
    if (::inotify_add_watch(inotify.get(), path_.c_str(), IN_MODIFY) < 0) {
        return complain(std::strerror(errno));
    }
    inotify_ = std::move(inotify);
}

void DoorbellWatch::complain(const std::string& detail) noexcept {
    if (std::exchange(has_complained_, true)) return;
    log::warn(
        "doorbell cannot be heard",
        {{"file", path_},
         {"detail", detail},
         {"consequence", consequence_of_silence(bell_)},
         {"hint", "each watch needs an inotify instance and a watch: see /proc/sys/fs/inotify"}});
}

void DoorbellWatch::clear() noexcept {
    if (!inotify_.is_open()) {
        if (std::chrono::steady_clock::now() >= next_try_) listen();
        return;
    }
    // The kernel folds a ring into the one before it that was not read yet, so one read takes all.
    // Should it ever not, the rest makes poll() return once more, which does no harm.
    alignas(inotify_event) std::array<char, 4096> events;
    ssize_t taken = -1;
    do {
        taken = ::read(inotify_.get(), events.data(), events.size());
    } while (taken < 0 && errno == EINTR);
}

}  // namespace orders::sqlite

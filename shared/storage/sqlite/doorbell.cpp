#include "shared/storage/sqlite/doorbell.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "shared/log/log.h"
#include "shared/storage/sqlite/companion_file.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

std::string bell_path(const std::string& database_path) {
    return database_path + ".doorbell";
}

}  // namespace

// The first process to come creates the file. No process ever truncates, renames or removes it: a
// watch is on the file itself, not on its name, and would go deaf.
Doorbell::Doorbell(const std::string& database_path)
    : file_(open_companion_file(bell_path(database_path))) {}

void Doorbell::ring() noexcept {
    // Always the same byte: the file does not grow, and each write is an event to the watchers.
    ssize_t written = -1;
    do {
        written = ::pwrite(file_.get(), "!", 1, 0);
    } while (written < 0 && errno == EINTR);
    if (written == 1) return;

    const int cause = errno;
    if (has_complained_) return;
    has_complained_ = true;
    log::warn("doorbell cannot be rung", {{"errno", cause}});
}

DoorbellWatch::DoorbellWatch(const std::string& database_path)
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    const std::string path = bell_path(database_path);
    if (inotify_.is_open()) {
        const FileDescriptor file = open_companion_file(path);
        if (::inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY) >= 0) return;
    }
    throw unusable("watch " + path, std::strerror(errno),
                   "each worker needs one instance and one watch: see the limits in"
                   " /proc/sys/fs/inotify");
}

void DoorbellWatch::clear() noexcept {
    // The kernel folds a ring into the one before it that was not read yet, so one read takes all.
    // Should it ever not, the rest makes poll() return once more, which does no harm.
    alignas(inotify_event) std::array<char, 4096> events;
    ssize_t taken = -1;
    do {
        taken = ::read(inotify_.get(), events.data(), events.size());
    } while (taken < 0 && errno == EINTR);
}

}  // namespace orders::sqlite

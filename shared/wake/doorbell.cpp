#include "shared/wake/doorbell.h"

#include <fcntl.h>
#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "shared/log/log.h"

namespace orders {

namespace {

// Whoever comes first creates the file. Nobody ever truncates, renames or removes it: a watch is
// on the file itself, not on its name, and would go deaf.
FileDescriptor open_bell(const std::string& path) {
    return FileDescriptor::opened(::open(path.c_str(), O_CREAT | O_CLOEXEC | O_RDWR, 0644),
                                  "open " + path);
}

}  // namespace

std::string doorbell_path(const std::string& store_location) {
    // Without links, so that all who use the store meet at one bell.
    std::error_code error;
    const auto path = std::filesystem::weakly_canonical(store_location, error);
    return (error ? store_location : path.string()) + ".doorbell";
}

Doorbell::Doorbell(const std::string& path) : file_(open_bell(path)) {}

void Doorbell::ring() noexcept {
    // Always the same byte: the file does not grow, and each write is an event to those who watch.
    ssize_t written = -1;
    do {
        written = ::pwrite(file_.get(), "!", 1, 0);
    } while (written < 0 && errno == EINTR);
    if (written == 1) return;

    const int cause = errno;
    if (has_complained_.exchange(true)) return;
    log::warn("doorbell cannot be rung", {{"errno", cause}});
}

DoorbellWatch::DoorbellWatch(const std::string& path)
    : inotify_(FileDescriptor::opened(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1")) {
    const FileDescriptor file = open_bell(path);
    if (::inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY) < 0) {
        throw std::system_error(errno, std::generic_category(), "inotify watch " + path);
    }
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

}  // namespace orders

#include "shared/os/service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace orders {
namespace {

// The protocol asks for twice as many signs of life as it takes; one may then come late.
constexpr int signs_per_limit = 4;
// For a manager that does not read what it is told; a ready program goes on without it.
constexpr timeval longest_telling{.tv_sec = 1, .tv_usec = 0};

// Beyond it nobody means what is said.
constexpr std::chrono::hours longest_limit{24 * 365};

// And unset it.
std::string take_variable(const char* name) {
    const char* const value = std::getenv(name);
    std::string taken = value == nullptr ? "" : value;
    ::unsetenv(name);
    return taken;
}

std::optional<std::int64_t> number_in(const std::string& text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || last != end) return std::nullopt;
    return number;
}

// What sun_path is to hold; empty if no socket can be called so.
std::string address_named(std::string name) {
    const bool is_abstract = name.starts_with('@');
    if (!is_abstract && !name.starts_with('/')) return {};
    if (name.size() < 2 || name.size() >= sizeof(sockaddr_un::sun_path)) return {};
    if (is_abstract) name.front() = '\0';
    return name;
}

SteadyTime::duration watchdog_limit(const std::string& pid, const std::string& microseconds) {
    if (!pid.empty() && number_in(pid) != ::getpid()) return {};  // it is somebody else's
    const std::chrono::microseconds limit(number_in(microseconds).value_or(0));
    return std::clamp<std::chrono::microseconds>(limit, limit.zero(), longest_limit);
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    manager.address_ = address_named(take_variable("NOTIFY_SOCKET"));
    const std::string pid = take_variable("WATCHDOG_PID");
    const auto limit = watchdog_limit(pid, take_variable("WATCHDOG_USEC"));
    if (manager.address_.empty()) return manager;

    manager.socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ::setsockopt(manager.socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &longest_telling,
                 sizeof longest_telling);
    manager.interval_ = limit / signs_per_limit;
    return manager;
}

void ServiceManager::tell_ready() const noexcept {
    tell("READY=1", 0);
}

void ServiceManager::tell_stopping() const noexcept {
    tell("STOPPING=1", MSG_DONTWAIT);
}

void ServiceManager::feed_watchdog() noexcept {
    if (interval_ == interval_.zero()) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_sign_) return;
    next_sign_ = now + interval_;
    tell("WATCHDOG=1", MSG_DONTWAIT);
}

void ServiceManager::tell(std::string_view what, int flags) const noexcept {
    if (!socket_.is_open()) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(address_, address.sun_path);
    // Of an abstract name every byte counts, also zeros behind it.
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    (void)::sendto(socket_.get(), what.data(), what.size(), MSG_NOSIGNAL | flags,
                   reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace orders

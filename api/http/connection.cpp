#include "api/http/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace orders {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
// What an idle connection may keep allocated for its next request.
constexpr std::size_t max_idle_buffer_bytes = 4 * 1024;
constexpr std::size_t max_discarded_bytes = 8 * 1024 * 1024;

bool is_would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

HttpConnection::Io HttpConnection::receive() {
    if (!may_have_input_) return Io::would_block;
    std::array<char, read_bytes> bytes;  // not initialised: every request passes here
    while (true) {
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (count > 0) {
            may_have_input_ = static_cast<std::size_t>(count) == bytes.size();
            input_.erase(0, std::exchange(consumed_, 0));
            input_.append(bytes.data(), static_cast<std::size_t>(count));
            return Io::done;
        }
        if (count == 0) return Io::ended;
        if (errno == EINTR) continue;
        may_have_input_ = false;
        return is_would_block(errno) ? Io::would_block : Io::ended;
    }
}

FramingVerdict HttpConnection::scan() {
    return scanner_.scan(std::string_view(input_).substr(consumed_));
}

void HttpConnection::finish_request(const FramedRequest& request) {
    consumed_ += request.total_bytes;
    scanner_.restart();
    phase_ = Phase::active;
    if (has_input() && consumed_ <= max_idle_buffer_bytes) return;
    input_.erase(0, std::exchange(consumed_, 0));
    if (input_.capacity() > max_idle_buffer_bytes) input_.shrink_to_fit();
}

void HttpConnection::queue_output(std::string bytes, AfterOutput then) {
    output_ = std::move(bytes);
    sent_ = 0;
    after_output_ = then;
}

HttpConnection::Io HttpConnection::send_output() {
    while (has_output()) {
        const ssize_t count =
            ::send(socket_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
        if (count >= 0) {
            sent_ += static_cast<std::size_t>(count);
        } else if (errno != EINTR) {
            return is_would_block(errno) ? Io::would_block : Io::ended;
        }
    }
    output_ = std::string();
    sent_ = 0;
    return Io::done;
}

void HttpConnection::start_lingering(SteadyTime deadline) {
    enter(Phase::lingering, deadline);
    ::shutdown(socket_.get(), SHUT_WR);
    input_ = std::string();
    consumed_ = 0;
}

HttpConnection::Io HttpConnection::discard_input() {
    std::array<char, read_bytes> bytes;
    while (discarded_ < max_discarded_bytes) {
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (count > 0) {
            discarded_ += static_cast<std::size_t>(count);
        } else if (count == 0 || errno != EINTR) {
            return count < 0 && is_would_block(errno) ? Io::would_block : Io::ended;
        }
    }
    return Io::ended;
}

void HttpConnection::enter(Phase phase, SteadyTime deadline) {
    if (phase_ == phase) return;
    phase_ = phase;
    deadline_ = deadline;
}

}  // namespace orders

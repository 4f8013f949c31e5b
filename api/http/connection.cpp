#include "api/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace orders::http {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
// What an idle connection may keep allocated for its next request.
constexpr std::size_t max_idle_buffer_bytes = 4 * 1024;
constexpr std::size_t max_discarded_bytes = 8 * 1024 * 1024;

bool is_would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

Level& level_of(Connection::Phase phase, Traffic& traffic) {
    using Phase = Connection::Phase;
    const auto state = phase == Phase::idle        ? ConnectionState::idle
                       : phase == Phase::receiving ? ConnectionState::receiving
                       : phase == Phase::streaming ? ConnectionState::streaming
                                                   : ConnectionState::answering;
    return traffic.connections.at(static_cast<std::size_t>(state));
}

}  // namespace

Connection::Connection(std::uint64_t id, FileDescriptor socket, const FramingLimits& limits,
                       Traffic& traffic)
    : id_(id), socket_(std::move(socket)), traffic_(traffic), scanner_(limits) {
    level_of(phase_, traffic_).add(1);
}

Connection::~Connection() {
    end_stream();
    level_of(phase_, traffic_).add(-1);
}

void Connection::set_phase(Phase phase) noexcept {
    Level& before = level_of(std::exchange(phase_, phase), traffic_);
    Level& after = level_of(phase, traffic_);
    if (&before == &after) return;
    before.add(-1);
    after.add(1);
}

Connection::Io Connection::receive() {
    if (!may_have_input_) return Io::would_block;
    std::array<char, read_bytes> bytes;  // not initialised: every request passes here
    while (true) {
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (count > 0) {
            traffic_.received_bytes.add(static_cast<std::size_t>(count));
            // The end of what a client sends is announced only once.
            may_have_input_ = static_cast<std::size_t>(count) == bytes.size() || has_client_left();
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

void Connection::acknowledge_input() noexcept {
    const int yes = 1;  // until the next answer is sent
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

FramingVerdict Connection::scan() {
    return scanner_.scan(std::string_view(input_).substr(consumed_));
}

void Connection::finish_request(std::size_t total_bytes) {
    consumed_ += total_bytes;
    scanner_.restart();
    if (has_input() && consumed_ <= max_idle_buffer_bytes) return;
    input_.erase(0, std::exchange(consumed_, 0));
    if (input_.capacity() > max_idle_buffer_bytes) input_.shrink_to_fit();
}

void Connection::drop_input() {
    input_ = std::string();
    consumed_ = 0;
}

void Connection::expect_answer(const ResponseForm& form, RequestLog log) {
    set_phase(Phase::active);
    form_ = form;
    request_log_ = std::move(log);
    answer_state_.store(none, std::memory_order_relaxed);
}

bool Connection::give_answer(Answer answer) noexcept {
    answer_ = std::move(answer);
    return answer_state_.fetch_or(answered) == handler_left;
}

bool Connection::leave_handler() noexcept {
    return answer_state_.fetch_or(handler_left) == answered;
}

void Connection::begin_stream(std::shared_ptr<StreamBuffer> buffer, const StreamOptions& options) {
    stream_ = std::move(buffer);
    farewell_ = options.farewell;
    if (options.socket_buffer_bytes) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &*options.socket_buffer_bytes,
                     sizeof(int));
    }
    if (options.silence_limit) {
        const auto limit = static_cast<unsigned>(options.silence_limit->count());
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    }
}

void Connection::end_stream() {
    if (!stream_) return;
    stream_->close();
    stream_.reset();
    log_answer();
}

Answer Connection::take_answer() {
    answer_state_.store(none, std::memory_order_relaxed);
    return std::move(answer_);
}

void Connection::queue_output(std::string bytes, AfterOutput then) {
    output_ = std::move(bytes);
    sent_ = 0;
    after_output_ = then;
}

Connection::Io Connection::send_output() {
    while (has_output()) {
        const ssize_t count =
            ::send(socket_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
        if (count >= 0) {
            sent_ += static_cast<std::size_t>(count);
            traffic_.sent_bytes.add(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return is_would_block(errno) ? Io::would_block : Io::ended;
        }
    }
    output_ = std::string();
    sent_ = 0;
    return Io::done;
}

void Connection::start_lingering(SteadyTime deadline) {
    enter(Phase::lingering, deadline);
    ::shutdown(socket_.get(), SHUT_WR);
    drop_input();
}

Connection::Io Connection::discard_input() {
    std::array<char, read_bytes> bytes;
    while (discarded_ < max_discarded_bytes) {
        const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (count > 0) {
            discarded_ += static_cast<std::size_t>(count);
            traffic_.received_bytes.add(static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return count < 0 && is_would_block(errno) ? Io::would_block : Io::ended;
        }
    }
    return Io::ended;
}

void Connection::enter(Phase phase, SteadyTime deadline) {
    if (phase_ == phase) return;
    set_phase(phase);
    deadline_ = deadline;
}

}  // namespace orders::http

#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/support/exchange_record.h"

namespace orders::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view end_of_head = "\r\n\r\n";

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

int milliseconds_until(steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(0, left.count()));
}

// The port of the proxy that requests are sent through, if ORDERS_API_VIA names one
// (http://127.0.0.1:PORT).
std::optional<int> port_of_proxy() {
    static const std::optional<int> port = [] {
        const char* const url = std::getenv("ORDERS_API_VIA");
        if (url == nullptr) return std::optional<int>();
        const std::string_view text(url);
        return std::optional(std::stoi(std::string(text.substr(text.rfind(':') + 1))));
    }();
    return port;
}

// Whether a proxy that knows the contract passes it on as it is. It would refuse by itself what it
// cannot read, and answer methods that the contract does not describe.
bool suits_proxy(const HttpCall& call) {
    if (call.method != "GET" && call.method != "POST" && call.method != "PATCH") return false;
    if (!call.target.starts_with('/')) return false;
    return !call.body || nlohmann::json::accept(*call.body);
}

}  // namespace

// Strict on purpose: an answer that a strict client would not take fails the test.
HttpAnswer parse_head(std::string_view head) {
    HttpAnswer answer;
    const auto malformed = [&] { return std::runtime_error("not HTTP: " + std::string(head)); };
    const std::size_t end_of_first = head.find("\r\n");
    const std::string_view first = head.substr(0, end_of_first);
    if (first.substr(0, 9) != "HTTP/1.1 " || first.size() < 12) throw malformed();
    std::from_chars(first.data() + 9, first.data() + 12, answer.status);
    std::string_view rest = end_of_first == head.npos ? "" : head.substr(end_of_first + 2);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(rest.size(), line.size() + 2));
        const std::size_t colon = line.find(':');
        if (colon == line.npos || colon == 0) throw malformed();
        std::string_view value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        answer.headers.emplace_back(lower_case(line.substr(0, colon)), value);
    }
    return answer;
}

std::optional<std::string> HttpAnswer::header(std::string_view name) const {
    std::optional<std::string> found;
    for (const auto& [header_name, value] : headers) {
        if (header_name != name) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::ostream& operator<<(std::ostream& out, ConnectionFailure failure) {
    constexpr std::array names{"connection refused", "closed without an answer",
                               "closed within the answer", "no answer in time"};
    return out << names[static_cast<std::size_t>(failure)];
}

std::ostream& operator<<(std::ostream& out, const HttpOutcome& outcome) {
    if (const auto* answer = std::get_if<HttpAnswer>(&outcome)) {
        return out << answer->status << " " << answer->body;
    }
    return out << std::get<ConnectionFailure>(outcome);
}

int status_of(const HttpOutcome& outcome) {
    const auto* answer = std::get_if<HttpAnswer>(&outcome);
    return answer == nullptr ? 0 : answer->status;
}

std::optional<ConnectionFailure> failure_of(const HttpOutcome& outcome) {
    const auto* failure = std::get_if<ConnectionFailure>(&outcome);
    return failure == nullptr ? std::nullopt : std::optional(*failure);
}

HttpAnswer answer_of(HttpOutcome outcome) {
    if (auto* answer = std::get_if<HttpAnswer>(&outcome)) return std::move(*answer);
    std::ostringstream message;
    message << "expected an answer, but: " << outcome;
    throw std::runtime_error(message.str());
}

RawConnection::RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (!socket_.is_open()) throw std::system_error(errno, std::generic_category(), "socket");
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // So that a server that does not read cannot hold a test in send().
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        socket_ = FileDescriptor();
    }
}

void RawConnection::gather_small_writes() {
    const int off = 0;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
}

bool RawConnection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawConnection::finish_sending() {
    ::shutdown(socket_.get(), SHUT_WR);
}

RawConnection::Arrival RawConnection::receive(Deadline deadline) {
    pollfd watched{socket_.get(), POLLIN, 0};
    if (::poll(&watched, 1, milliseconds_until(deadline)) <= 0) return Arrival::nothing;
    std::array<char, 64 * 1024> bytes{};
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return Arrival::end;
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return Arrival::bytes;
}

RawConnection::Arrival RawConnection::receive_until(std::size_t size, Deadline deadline) {
    while (buffer_.size() < size) {
        const Arrival arrival = receive(deadline);
        if (arrival != Arrival::bytes) return arrival;
    }
    return Arrival::bytes;
}

std::string RawConnection::read_until(std::string_view mark, milliseconds within) {
    const auto deadline = steady_clock::now() + within;
    std::size_t found = 0;
    while ((found = buffer_.find(mark)) == buffer_.npos) {
        if (receive(deadline) != Arrival::bytes) return std::exchange(buffer_, {});
    }
    std::string bytes = buffer_.substr(0, found + mark.size());
    buffer_.erase(0, bytes.size());
    return bytes;
}

HttpOutcome RawConnection::read_answer(milliseconds within, bool has_body) {
    HttpOutcome outcome = read_unrecorded(within, has_body);
    record_answer(outcome);
    return outcome;
}

HttpOutcome RawConnection::read_unrecorded(milliseconds within, bool has_body) {
    const auto deadline = steady_clock::now() + within;
    const auto failure = [&](Arrival arrival) {
        if (arrival == Arrival::nothing) return ConnectionFailure::timed_out;
        return buffer_.empty() ? ConnectionFailure::closed : ConnectionFailure::cut;
    };
    std::size_t head_size = 0;
    while ((head_size = buffer_.find(end_of_head)) == buffer_.npos) {
        const Arrival arrival = receive(deadline);
        if (arrival != Arrival::bytes) return failure(arrival);
    }
    HttpAnswer answer = parse_head(std::string_view(buffer_).substr(0, head_size));
    const std::size_t body_begin = head_size + end_of_head.size();
    std::size_t body_size = 0;
    if (has_body && answer.status >= 200 && answer.status != 204 && answer.status != 304) {
        const auto length = answer.header("content-length");
        if (!length) throw std::runtime_error("an answer without a single Content-Length");
        body_size = std::stoul(*length);
    }
    const Arrival arrival = receive_until(body_begin + body_size, deadline);
    if (arrival != Arrival::bytes) return failure(arrival);
    answer.body = buffer_.substr(body_begin, body_size);
    buffer_.erase(0, body_begin + body_size);
    return answer;
}

bool RawConnection::is_closed_by_server(milliseconds within) {
    return buffer_.empty() && receive(steady_clock::now() + within) == Arrival::end;
}

std::string to_bytes(const HttpCall& call) {
    std::string bytes = call.method + " " + call.target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    for (const auto& [name, value] : call.headers) bytes += name + ": " + value + "\r\n";
    if (call.body) bytes += "Content-Length: " + std::to_string(call.body->size()) + "\r\n";
    return bytes + "\r\n" + call.body.value_or("");
}

HttpOutcome HttpClient::attempt(const HttpCall& call, milliseconds within) {
    HttpOutcome outcome = port_of_proxy() && suits_proxy(call)
                              ? attempt_via(*port_of_proxy(), call, within)
                              : attempt_directly(call, within);
    record_exchange(call, outcome);
    return outcome;
}

HttpOutcome HttpClient::attempt_via(int proxy, HttpCall call, milliseconds within) const {
    // What stands behind the proxy passes it on to that port.
    call.headers.emplace_back("Orders-Port", std::to_string(port_));
    call.headers.emplace_back("Connection", "close");
    RawConnection connection(proxy);
    if (!connection.send(to_bytes(call))) return ConnectionFailure::refused;
    return connection.read_unrecorded(within, true);
}

HttpOutcome HttpClient::attempt_directly(const HttpCall& call, milliseconds within) {
    if (!connection_) connection_.emplace(port_);
    if (!connection_->is_open()) {
        connection_.reset();
        return ConnectionFailure::refused;
    }
    // Even if sending fails there may be an answer: a server may refuse before it has read all.
    connection_->send(to_bytes(call));
    HttpOutcome outcome = connection_->read_unrecorded(within, call.method != "HEAD");
    const auto* answer = std::get_if<HttpAnswer>(&outcome);
    if (answer == nullptr || answer->header("connection") == "close") connection_.reset();
    return outcome;
}

HttpAnswer HttpClient::post(const std::string& target, const std::string& body) {
    return send({"POST", target, {{"Content-Type", "application/json"}}, body});
}

}  // namespace orders::test

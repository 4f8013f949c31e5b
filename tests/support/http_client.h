#pragma once

// HTTP/1.1 for tests, over plain sockets and with nothing clever in it, so that a test sees what is
// really on the wire. RawConnection sends any bytes, well formed or hostile; HttpClient sends
// requests and keeps its connection. A lost connection is an outcome of its own, because a test
// that kills servers must count such a request as "maybe".
//
// What is asked and answered is recorded if ORDERS_RECORD says so (exchange_record.h). If
// ORDERS_API_VIA names a proxy, HttpClient sends through it what the proxy can take.
//
// Each object belongs to one thread. All connections go to 127.0.0.1.

#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "shared/os/file_descriptor.h"

namespace orders::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
    int status = 0;
    HeaderList headers;  // names in lower case
    std::string body;

    // The value of the only header of that name (in lower case); empty if there is none, or more
    // than one.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
    // Throws if the body is not JSON.
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(body); }
};

enum class ConnectionFailure {
    refused,    // nobody listens: the request was not sent
    closed,     // closed before the first byte of an answer
    cut,        // closed in the middle of an answer
    timed_out,  // open, but the answer did not come, or not all of it
};
std::ostream& operator<<(std::ostream& out, ConnectionFailure failure);

// The status and the headers; `head` is what comes before the empty line. Throws if it is
// malformed.
[[nodiscard]] HttpAnswer parse_head(std::string_view head);

using HttpOutcome = std::variant<HttpAnswer, ConnectionFailure>;
std::ostream& operator<<(std::ostream& out, const HttpOutcome& outcome);
// 0 if there is no answer.
[[nodiscard]] int status_of(const HttpOutcome& outcome);
// Empty if there is one.
[[nodiscard]] std::optional<ConnectionFailure> failure_of(const HttpOutcome& outcome);

// The answer; throws if there is none.
[[nodiscard]] HttpAnswer answer_of(HttpOutcome outcome);

class RawConnection {
   public:
    // Check is_open(): a refused connection is an outcome.
    explicit RawConnection(int port);

    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
    // As clients do that leave TCP_NODELAY off: what is sent waits until the server's kernel has
    // acknowledged what was sent before.
    void gather_small_writes();
    // False if the server does not take it all in (it has closed, or does not read).
    bool send(std::string_view bytes);
    // Says that no more will be sent, and goes on reading.
    void finish_sending();

    // The next answer. The answer to HEAD has no body, whatever its Content-Length says.
    [[nodiscard]] HttpOutcome read_answer(std::chrono::milliseconds within, bool has_body = true);
    // The bytes as they come, up to and including the mark; up to the end if the mark does not
    // come.
    [[nodiscard]] std::string read_until(std::string_view mark, std::chrono::milliseconds within);
    // Whether the server closes the connection in time, without sending anything more.
    [[nodiscard]] bool is_closed_by_server(std::chrono::milliseconds within);

   private:
    using Deadline = std::chrono::steady_clock::time_point;
    enum class Arrival { bytes, end, nothing };

    [[nodiscard]] HttpOutcome read_unrecorded(std::chrono::milliseconds within, bool has_body);
    friend class HttpClient;

    Arrival receive(Deadline deadline);
    // Reads until the buffer holds `size` bytes, or `size` is npos and the server has closed.
    Arrival receive_until(std::size_t size, Deadline deadline);

    FileDescriptor socket_;
    std::string buffer_;  // received, and not yet part of an answer
};

// A request, ready to be sent; Content-Length is added if there is a body.
struct HttpCall {
    std::string method = "GET";
    std::string target;
    HeaderList headers = {};
    std::optional<std::string> body = {};
};
[[nodiscard]] std::string to_bytes(const HttpCall& call);

class HttpClient {
   public:
    explicit HttpClient(int port) : port_(port) {}

    // Never throws because of the server. Connects if there is no connection; never sends twice.
    [[nodiscard]] HttpOutcome attempt(const HttpCall& call,
                                      std::chrono::milliseconds within = std::chrono::seconds(30));

    // These throw if there is no answer.
    [[nodiscard]] HttpAnswer send(const HttpCall& call) { return answer_of(attempt(call)); }
    [[nodiscard]] HttpAnswer get(const std::string& target) { return send({"GET", target}); }
    // With Content-Type: application/json.
    [[nodiscard]] HttpAnswer post(const std::string& target, const std::string& body);
    [[nodiscard]] HttpAnswer post(const std::string& target, const nlohmann::json& body) {
        return post(target, body.dump());
    }

   private:
    [[nodiscard]] HttpOutcome attempt_directly(const HttpCall& call,
                                               std::chrono::milliseconds within);
    [[nodiscard]] HttpOutcome attempt_via(int proxy, HttpCall call,
                                          std::chrono::milliseconds within) const;

    int port_;
    std::optional<RawConnection> connection_;
};

}  // namespace orders::test

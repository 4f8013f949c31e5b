// Fuzz target: the life of a connection (api/http/connection_driver.h), with the real epoll and a
// real socket pair. The input is what a client sends before it says that it has no more. Each
// request that the scanner alone finds in it must be answered once, in order, and after a refusal
// or a close there must be nothing more. An answer may be a stream; one that is cut must not look
// whole.
//
// One thread does the work of a handler thread; the fuzzer's own is the client, and gives the
// answers that come late.

#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/chunked_body.h"
#include "api/http/connection_driver.h"
#include "api/http/problem.h"
#include "api/http/response_head.h"
#include "shared/os/wake_signal.h"
#include "tests/fuzz/invariant.h"
#include "tests/fuzz/pieces.h"

namespace orders::test {
namespace {

using namespace orders::http;

constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
// Only a broken program waits so long.
constexpr int patience_ms = 20'000;
constexpr std::chrono::milliseconds patience{patience_ms};
// Small, so that answers are larger than the socket takes at once.
constexpr int socket_buffer_bytes = 4 * 1024;
constexpr std::size_t large_answer_bytes = 9 * 1024;

constexpr ConnectionLimits limits{.framing = {.max_request_line_bytes = 64,
                                              .max_header_bytes = 256,
                                              .max_headers = 8,
                                              .max_body_bytes = 48},
                                  .max_connections = 4,
                                  .max_buffered_bytes = 16 * 1024 * 1024,
                                  .max_stream_bytes = 56,
                                  .transfer_limit = patience,
                                  .idle_limit = patience};

// Says which request it answers.
Response response_to(const FramedRequest& request) {
    const std::string content =
        request.is_chunked ? joined_chunks(request.framed_body) : std::string(request.framed_body);
    std::string text = "[" + std::string(request.method) + " " + std::string(request.target) + " " +
                       content + "]\n";
    if (request.target == "/large") text.append(large_answer_bytes, '.');
    return {.body = std::move(text)};
}

bool is_stream(const FramedRequest& request) {
    return request.target == "/stream";
}

enum class Way { at_once, by_maker, late };

Way way_to_answer(const FramedRequest& request) {
    return static_cast<Way>((request.target.size() + request.framed_body.size()) % 3);
}

// Writes the body in three pieces; one that is refused is the last.
void send_in_pieces(Reply reply, const Response& response) {
    Stream stream = std::move(reply).stream(response);
    const std::size_t third = response.body.size() / 3;
    for (const auto& [from, size] :
         {std::pair{std::size_t{0}, third}, {third, third}, {2 * third, std::string::npos}}) {
        if (!stream.write(std::string_view(response.body).substr(from, size))) return;
    }
    std::move(stream).end();
}

// Answers at once, with a maker, or later from the client's thread: as the request has it.
class EchoingResponder final : public Responder {
   public:
    void answer(const FramedRequest& request, Reply reply) const override {
        Response response = response_to(request);
        const Way way = way_to_answer(request);
        if (way == Way::late) {
            {
                const std::lock_guard lock(mutex_);
                owed_.push_back({std::move(reply), std::move(response), is_stream(request)});
            }
            return owes_.notify();
        }
        if (is_stream(request)) return send_in_pieces(std::move(reply), response);
        if (way == Way::at_once) return std::move(reply).send(std::move(response));
        std::move(reply).send_made_by([response] { return response; });
    }

    [[nodiscard]] int owes_fd() const { return owes_.fd(); }
    void pay() {
        owes_.clear();
        std::vector<Owed> owed;
        {
            const std::lock_guard lock(mutex_);
            owed.swap(owed_);
        }
        for (auto& [reply, response, is_stream] : owed) {
            if (is_stream) {
                send_in_pieces(std::move(reply), response);
            } else {
                std::move(reply).send(std::move(response));
            }
        }
    }

   private:
    struct Owed {
        Reply reply;
        Response response;
        bool is_stream;
    };

    mutable WakeSignal owes_;
    mutable std::mutex mutex_;
    mutable std::vector<Owed> owed_;  // guarded by mutex_
};

class Server {
   public:
    ~Server() { driver_.end(); }

    // What a client that sends this, in these pieces, gets until the server closes, which it may do
    // before all is sent only if it `may_cut`.
    std::string answers_to(const std::vector<std::string_view>& pieces, bool may_cut);

   private:
    void await_taken(int client) const;

    EchoingResponder responder_;
    Traffic traffic_;
    ConnectionDriver driver_{limits, responder_, traffic_};
    std::jthread handler_thread_{[this] { driver_.carry_on(); }};
};

// Gives the server time to read a piece before the next one comes, though it may be busy.
void Server::await_taken(int client) const {
    int untaken = 0;
    for (int turns = 0; turns < 4; ++turns) {
        if (::ioctl(client, SIOCOUTQ, &untaken) != 0 || untaken == 0) return;
        ::sched_yield();
    }
}

// The fuzzer's own timer interrupts poll() every few seconds.
bool is_ready_in_time(std::array<pollfd, 2>& watched) {
    int ready = 0;
    do {
        ready = ::poll(watched.data(), watched.size(), patience_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

std::string Server::answers_to(const std::vector<std::string_view>& pieces, bool may_cut) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0,
            "there is a socket pair");
    FileDescriptor client(ends[0]);
    ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
    driver_.admit(FileDescriptor(ends[1]));

    std::string received;
    std::array<char, 64 * 1024> buffer;  // not initialised: every run passes here
    auto unsent = pieces.begin();
    bool is_all_sent = false;
    while (true) {
        if (unsent != pieces.end()) {
            const ssize_t sent = ::send(client.get(), unsent->data(), unsent->size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                require(static_cast<std::size_t>(sent) == unsent->size(), "a piece is sent whole");
                ++unsent;
                await_taken(client.get());
                continue;
            }
            require(errno == EAGAIN || may_cut, "the server reads on, even after a refusal");
            if (errno != EAGAIN) unsent = pieces.end();
        } else if (!std::exchange(is_all_sent, true)) {
            ::shutdown(client.get(), SHUT_WR);
        }
        const short events = is_all_sent ? POLLIN : POLLIN | POLLOUT;
        std::array<pollfd, 2> watched{pollfd{client.get(), events, 0},
                                      pollfd{responder_.owes_fd(), POLLIN, 0}};
        require(is_ready_in_time(watched), "an answer or the end comes in time");
        if (watched[1].revents != 0) responder_.pay();
        if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
        const ssize_t count = ::recv(client.get(), buffer.data(), buffer.size(), 0);
        if (count == 0) break;
        if (count > 0) received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    client = FileDescriptor();
    return received;
}

struct ExpectedAnswer {
    std::string bytes;  // of a stream, the head
    // Of a stream.
    std::optional<std::string> body = {};
    bool is_chunked = true;
    bool may_be_cut = false;
};

ExpectedAnswer expected_answer_to(const FramedRequest& request) {
    ResponseForm form = form_of_response_to(request);
    Response response = response_to(request);
    if (!is_stream(request)) return {.bytes = to_bytes(response, form)};
    form.closes = form.closes || form.is_http_1_0;
    ExpectedAnswer answer{.bytes = stream_head(response, form), .is_chunked = !form.is_http_1_0};
    if (form.is_to_head) return answer;
    // One that is written later may meet a client that sends nothing more, and thus has left.
    answer.may_be_cut =
        way_to_answer(request) == Way::late || response.body.size() > limits.max_stream_bytes;
    answer.body = std::move(response.body);
    return answer;
}

std::vector<ExpectedAnswer> expected_answers(std::string_view input) {
    std::vector<ExpectedAnswer> answers;
    RequestScanner scanner(limits.framing);
    while (true) {
        const FramingVerdict verdict = scanner.scan(input);
        if (const auto* error = std::get_if<FramingError>(&verdict)) {
            const RequestId id = RequestId::make();
            Response refusal = problem_for(error->status, error->detail);
            add_request_id(refusal, id.text());
            answers.push_back(
                {.bytes = to_bytes(refusal, {.is_to_head = scanner.is_head(), .request_id = id})});
            return answers;
        }
        const auto* request = std::get_if<FramedRequest>(&verdict);
        if (request == nullptr) return answers;
        answers.push_back(expected_answer_to(*request));
        const ResponseForm form = form_of_response_to(*request);
        if (form.closes || (is_stream(*request) && form.is_http_1_0)) return answers;
        input.remove_prefix(request->total_bytes);
        scanner.restart();
    }
}

// Takes the line behind the status line, which is the Date, out of an answer's start, and writes
// the request's id over, which may be one that was made: it is as long then.
std::string comparable(std::string_view bytes) {
    const std::size_t begin = std::min(bytes.find("\r\n"), bytes.size());
    const std::size_t end = std::min(bytes.find("\r\n", begin + 1), bytes.size());
    std::string text = std::string(bytes.substr(0, begin)).append(bytes.substr(end));
    constexpr std::string_view header = "X-Request-Id: ";
    const std::size_t header_begin = text.find(header);
    if (header_begin == std::string::npos) return text;
    const std::size_t id_begin = header_begin + header.size();
    const std::string id = text.substr(id_begin, text.find("\r\n", id_begin) - id_begin);
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id, at + 1)) {
        text.replace(at, id.size(), id.size(), '#');
    }
    return text;
}

// Takes a stream's body from the bytes; false if it was cut, with which they must end.
bool take_body(std::string_view& rest, const ExpectedAnswer& answer) {
    std::string body;
    bool is_whole = false;
    while (answer.is_chunked && !is_whole && !rest.empty()) {
        const std::size_t line_end = rest.find("\r\n");
        if (line_end == rest.npos) break;
        const std::size_t size = chunk_size_in(rest.substr(0, line_end)).value_or(0);
        is_whole = rest.starts_with("0\r\n\r\n");
        require(is_whole || size > 0, "a stream is a row of chunks");
        body += rest.substr(line_end + 2, size);
        rest.remove_prefix(std::min(rest.size(), line_end + 2 + size + 2));
    }
    if (!answer.is_chunked) {
        body = std::exchange(rest, {});
        is_whole = body == answer.body;
    }
    require(answer.body->starts_with(body), "a stream has what was written, and nothing else");
    require(!is_whole || body == answer.body, "a stream that looks whole is whole");
    require(is_whole || (answer.may_be_cut && rest.empty()), "a stream is cut for a reason");
    return is_whole;
}

void check_connection(std::string_view input) {
    static Server server;
    const std::vector<ExpectedAnswer> answers = expected_answers(input);
    const bool may_cut = std::ranges::any_of(answers, &ExpectedAnswer::may_be_cut);
    const std::string received = server.answers_to(pieces_of(input), may_cut);
    std::string_view rest = received;
    // Whether one was held back for it depends on the cuts.
    const auto skip_interim = [&rest] {
        if (rest.starts_with(interim)) rest.remove_prefix(interim.size());
    };
    for (const ExpectedAnswer& answer : answers) {
        skip_interim();
        const std::string& expected = answer.bytes;
        require(comparable(rest.substr(0, expected.size())) == comparable(expected),
                "each request is answered once, in order");
        rest.remove_prefix(expected.size());
        if (answer.body && !take_body(rest, answer)) return;
    }
    skip_interim();
    require(rest.empty(), "nothing is said that nobody asked for");
}

}  // namespace
}  // namespace orders::test

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    orders::test::check_connection(input);
    return 0;
}

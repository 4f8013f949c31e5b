#pragma once

// One client's connection: its socket, and what is on its way in and out. Nothing here waits.
//
//            +-------------- answered, and nothing more is here --------------+
//            v                                                                |
//     ---> idle ---some bytes---> receiving ---all of a request---> active ---+
//            |                        |                              |   ^
//            |                        | refused, or too slow         |   | blocks while sending
//            v                        v                              v   v
//         closed <--- lingering <--- the last answer is out <------ sending
//
// While its answer is awaited it is active, and no thread uses it. An answer that is a stream goes
// back and forth between sending and streaming; while streaming, nothing is left to be sent.
// Otherwise the connection is used by one thread at a time: the one that holds it (see
// connection_park.h).

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "api/http/message.h"
#include "api/http/request_log.h"
#include "api/http/request_scanner.h"
#include "api/http/response_head.h"
#include "api/http/stream_buffer.h"
#include "api/http/traffic.h"
#include "shared/os/file_descriptor.h"
#include "shared/os/steady_time.h"

namespace orders::http {

// What holds for a body that comes piece by piece.
struct StreamOptions {
    // What the client may leave outstanding; ServerOptions::max_stream_bytes if it is empty.
    std::optional<std::size_t> max_unsent_bytes = {};
    // What the system may hold of it besides, and for how long a client that is not heard of; as
    // the system has it if it is empty.
    std::optional<int> socket_buffer_bytes = {};
    std::optional<std::chrono::milliseconds> silence_limit = {};
    // The last piece if the server stops. It must outlive the server.
    std::string_view farewell = {};
};

// A response that has only its head so far; the pieces of its body come through the buffer.
struct StreamStart {
    Response head;
    std::shared_ptr<StreamBuffer> buffer;
    StreamOptions options = {};
};

using Answer = std::variant<Response, ResponseMaker, StreamStart>;

class Connection {
   public:
    enum class Phase {
        active,     // on a handler thread, between two of the following; or its answer is awaited
        idle,       // nothing of the next request is here
        receiving,  // some of a request is here
        sending,    // an answer is on its way out
        streaming,  // all that there is of an answer is out, and more will come
        lingering,  // the last answer is out; what still comes is thrown away, so that the client
                    // reads the answer instead of a connection reset
    };
    enum class Io { done, would_block, ended };
    enum class AfterOutput { stay_open, linger };

    // The traffic, which counts it, must outlive it.
    Connection(std::uint64_t id, FileDescriptor socket, const FramingLimits& limits,
               Traffic& traffic);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    // --- Receiving

    // Reads what has arrived.
    Io receive();
    // Call it when there may be something to read again.
    void expect_input() noexcept { may_have_input_ = true; }
    // Has the kernel acknowledge what has arrived at once, instead of up to 40 ms later along with
    // the next answer. For a request that has arrived in part: a client that sends it in several
    // small writes and leaves TCP_NODELAY off does not send the next one before that.
    void acknowledge_input() noexcept;
    // Looks for a request in what was read. Its views are good until finish_request().
    [[nodiscard]] FramingVerdict scan();
    // Whether the request that is being received is a HEAD, as far as can be told.
    [[nodiscard]] bool is_receiving_head() const noexcept { return scanner_.is_head(); }
    void finish_request(std::size_t total_bytes);
    [[nodiscard]] bool has_input() const noexcept { return consumed_ < input_.size(); }
    // Whether something may be there without being announced again.
    [[nodiscard]] bool may_have_input() const noexcept { return may_have_input_ || has_input(); }
    // Forgets what has been received.
    void drop_input();

    // Whether the client sends nothing more, and so has most likely left: any thread may note it,
    // and any may ask.
    void note_client_left() noexcept { has_client_left_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool has_client_left() const noexcept {
        return has_client_left_.load(std::memory_order_relaxed);
    }

    // --- The answer to the request at hand. It is given once, by any thread, perhaps while the
    //     handler that passed the request on is still running: whichever of the two comes second
    //     holds the connection from then on.

    void expect_answer(const ResponseForm& form, RequestLog log);
    // True if the handler has left: the connection is the caller's.
    [[nodiscard]] bool give_answer(Answer answer) noexcept;
    // True if the answer is there: the connection stays with the handler's thread.
    [[nodiscard]] bool leave_handler() noexcept;
    [[nodiscard]] bool is_answered() const noexcept { return (answer_state_ & answered) != 0; }
    // True if it is there and the handler has left.
    [[nodiscard]] bool has_late_answer() const noexcept { return answer_state_ == both; }
    [[nodiscard]] Answer take_answer();
    [[nodiscard]] ResponseForm& form() noexcept { return form_; }
    [[nodiscard]] RequestLog& request_log() noexcept { return request_log_; }
    [[nodiscard]] RequestCount& request_count() noexcept { return request_count_; }
    // Once all of the answer is on its way.
    void log_answer() noexcept { request_log_.write(form_.request_id, socket_.get()); }

    void begin_stream(std::shared_ptr<StreamBuffer> buffer, const StreamOptions& options);
    // The writer of the stream learns that nothing more is taken. Does nothing if there is none.
    // Its client's request has had its answer then.
    void end_stream();
    // Null unless the answer is a stream that has begun and not ended.
    [[nodiscard]] StreamBuffer* stream() const noexcept { return stream_.get(); }
    [[nodiscard]] std::string_view farewell() const noexcept { return farewell_; }

    // --- Sending

    // The bytes are sent before anything else is read.
    void queue_output(std::string bytes, AfterOutput then);
    [[nodiscard]] bool has_output() const noexcept { return sent_ < output_.size(); }
    Io send_output();
    [[nodiscard]] AfterOutput after_output() const noexcept { return after_output_; }

    // Ends our side of the conversation and forgets what has been received.
    void start_lingering(SteadyTime deadline);
    // Throws away what has arrived, up to a bound.
    Io discard_input();

    // --- Waiting

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] SteadyTime deadline() const noexcept { return deadline_; }
    // What has been received of the request that is not finished.
    [[nodiscard]] std::size_t received_bytes() const noexcept { return input_.size() - consumed_; }
    // What it keeps in memory for its client.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept {
        return input_.size() + output_.size();
    }
    // Whether epoll tells of room to send instead of what the client does.
    [[nodiscard]] bool is_output_watched() const noexcept { return is_output_watched_; }
    void set_output_watched(bool is_watched) noexcept { is_output_watched_ = is_watched; }
    // A deadline holds for the whole of a phase: entering the current phase again changes nothing.
    void enter(Phase phase, SteadyTime deadline);

   private:
    // What has happened since expect_answer().
    enum AnswerState : int { none = 0, handler_left = 1, answered = 2, both = 3 };

    void set_phase(Phase phase) noexcept;

    // Constant after construction.
    std::uint64_t id_;
    FileDescriptor socket_;
    Traffic& traffic_;

    // For any thread.
    std::atomic<bool> has_client_left_ = false;
    std::atomic<int> answer_state_ = none;

    // The rest belongs to whoever holds the connection; form_, request_log_, request_count_ and
    // answer_ to whoever holds the reply, until it is given.
    Phase phase_ = Phase::active;
    SteadyTime deadline_ = SteadyTime::max();
    bool is_output_watched_ = false;
    bool may_have_input_ = true;  // a short read has emptied the socket: no need to ask again

    RequestScanner scanner_;
    std::string input_;
    std::size_t consumed_ = 0;  // of input_, by requests before this one
    std::size_t discarded_ = 0;

    ResponseForm form_;
    RequestLog request_log_;
    RequestCount request_count_;
    Answer answer_;
    std::shared_ptr<StreamBuffer> stream_;
    std::string_view farewell_;  // of the stream

    std::string output_;
    std::size_t sent_ = 0;
    AfterOutput after_output_ = AfterOutput::stay_open;
};

}  // namespace orders::http

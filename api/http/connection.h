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
// While its answer is awaited it is active, and no thread uses it. Else it is used by one thread at
// a time: the one that holds it (see connection_park.h).

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "api/http/request_scanner.h"
#include "shared/os/file_descriptor.h"

namespace orders {

using SteadyTime = std::chrono::steady_clock::time_point;

struct HttpAnswer {
    std::string bytes;  // a whole HTTP response
    bool closes = false;
};
using HttpAnswerMaker = std::function<HttpAnswer()>;

class HttpConnection {
   public:
    enum class Phase {
        active,     // on a handler thread, between two of the following; or its answer is awaited
        idle,       // nothing of the next request is here
        receiving,  // some of a request is here
        sending,    // an answer is on its way out
        lingering,  // the last answer is out; what still comes is thrown away, so that the client
                    // reads the answer instead of a connection reset
    };
    enum class Io { done, would_block, ended };
    enum class AfterOutput { stay_open, linger };

    HttpConnection(std::uint64_t id, FileDescriptor socket, const FramingLimits& limits)
        : id_(id), socket_(std::move(socket)), scanner_(limits) {}

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    // Reads what has arrived.
    Io receive();
    // To be called when there may be something to read again.
    void expect_input() noexcept { may_have_input_ = true; }
    // Looks for a request in what was read. Its views are good until finish_request().
    [[nodiscard]] FramingVerdict scan();
    void finish_request(const FramedRequest& request);
    [[nodiscard]] bool has_input() const noexcept { return consumed_ < input_.size(); }

    // To be sent before anything else is read.
    void queue_output(std::string bytes, AfterOutput then);
    [[nodiscard]] bool has_output() const noexcept { return sent_ < output_.size(); }
    Io send_output();
    // What makes the output, where its maker came later than the request was over.
    void set_late_answer(HttpAnswerMaker make) { late_answer_ = std::move(make); }
    [[nodiscard]] bool has_late_answer() const noexcept { return late_answer_ != nullptr; }
    [[nodiscard]] HttpAnswerMaker take_late_answer() {
        return std::exchange(late_answer_, nullptr);
    }
    [[nodiscard]] AfterOutput after_output() const noexcept { return after_output_; }

    // Ends our side of the conversation and forgets what has been received.
    void start_lingering(SteadyTime deadline);
    // Throws away what has arrived, up to a bound.
    Io discard_input();

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] SteadyTime deadline() const noexcept { return deadline_; }
    // What it keeps in memory for its client.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept {
        return input_.size() + output_.size();
    }
    // A deadline holds for the whole of a phase: entering the phase that it is in changes nothing.
    void enter(Phase phase, SteadyTime deadline);

   private:
    // Constant after construction.
    std::uint64_t id_;
    FileDescriptor socket_;

    Phase phase_ = Phase::active;
    SteadyTime deadline_ = SteadyTime::max();
    bool may_have_input_ = true;  // a short read has emptied the socket: no need to ask again

    RequestScanner scanner_;
    std::string input_;
    std::size_t consumed_ = 0;  // of input_, by requests before this one
    std::size_t discarded_ = 0;

    std::string output_;
    std::size_t sent_ = 0;
    HttpAnswerMaker late_answer_;
    AfterOutput after_output_ = AfterOutput::stay_open;
};

}  // namespace orders

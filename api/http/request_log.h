#pragma once

// What the log says of requests: an `access` line for each that is answered, if it is wanted, which
// costs nothing otherwise; and an error for one that failed.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/request_id.h"
#include "api/http/request_scanner.h"
#include "shared/os/steady_time.h"

namespace orders::http {

// What becomes of one request. It names the route instead of the path, and never a query or a
// token: those may be secret, and there is no bound on how many there are.
class RequestLog {
   public:
    RequestLog() = default;
    // `is_wanted`: the line is one of level info. Otherwise it is of level debug, which is off
    // unless the log is set to it.
    RequestLog(const FramedRequest& request, bool is_wanted);
    // Of a request that was refused before it was read to its end.
    [[nodiscard]] static RequestLog of_refused(std::size_t received_bytes, bool is_wanted);

    // The route's pattern and the client's name, which must live as long as the server.
    void note_route(std::string_view pattern) noexcept;
    void note_caller(std::string_view name) noexcept;
    void note_status(int status) noexcept;
    // What is sent in answer, piece by piece.
    void note_sent(std::size_t bytes) noexcept;

    // Writes the line, once: call it when all of the answer is on its way. `socket` is the
    // client's.
    void write(const RequestId& id, int socket) noexcept;

   private:
    struct Line {
        bool is_wanted = false;
        std::string_view method = "other";
        std::string_view route = "other";
        std::string trace_id = {};
        std::string_view caller = {};
        SteadyTime start = {};
        std::size_t received_bytes = 0;
        std::size_t sent_bytes = 0;
        int status = 0;
    };
    std::optional<Line> line_;
};

// Logs the exception that is being handled, as why a request failed. Call it in a catch block.
void log_failed_request(const RequestId& id) noexcept;

}  // namespace orders::http

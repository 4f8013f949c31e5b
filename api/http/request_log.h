#pragma once

// What the log says of requests: a debug line for each, which costs nothing while the log leaves it
// out, and an error for one that failed.

#include <optional>
#include <string>

#include "api/http/request_scanner.h"
#include "shared/os/steady_time.h"

namespace orders::http {

class RequestLog {
   public:
    RequestLog() = default;
    explicit RequestLog(const FramedRequest& request);
    // Call it when the request has been answered.
    void write(int status) const;

   private:
    struct Line {
        std::string method;
        std::string path;
        SteadyTime start;
    };
    std::optional<Line> line_;
};

// Logs the exception that is being handled, as why a request failed. Call it in a catch block.
void log_failed_request() noexcept;

}  // namespace orders::http

#pragma once

// The debug line about a request. It costs nothing while the log leaves it out.

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

}  // namespace orders::http

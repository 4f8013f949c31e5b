#include "api/http/request_log.h"

#include <exception>

#include "api/http/request_target.h"
#include "shared/log/log.h"
#include "shared/text/reason.h"

namespace orders::http {

RequestLog::RequestLog(const FramedRequest& request) {
    if (!log::is_enabled(log::Level::debug)) return;
    line_ = {std::string(request.method), std::string(path_of(request.target)),
             std::chrono::steady_clock::now()};
}

void RequestLog::write(int status) const {
    if (!line_) return;
    const std::chrono::duration<double, std::milli> duration =
        std::chrono::steady_clock::now() - line_->start;
    log::debug("request", {{"method", line_->method},
                           {"path", line_->path},
                           {"status", status},
                           {"duration_ms", duration.count()}});
}

void log_failed_request() noexcept {
    try {
        throw;
    } catch (const std::exception& error) {
        log::error("request failed", {{"error", reason_of(error)}});
    } catch (...) {
        log::error("request failed", {{"error", "unknown"}});
    }
}

}  // namespace orders::http

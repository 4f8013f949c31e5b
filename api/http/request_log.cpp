#include "api/http/request_log.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "api/http/route_matcher.h"
#include "shared/log/log.h"
#include "shared/text/reason.h"
#include "shared/text/trace_context.h"

namespace orders::http {
namespace {

// Of the client, or of the proxy that speaks for it.
std::string address_of_peer(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    std::array<char, 64> text{};
    if (::getpeername(socket, generic, &size) != 0 ||
        ::getnameinfo(generic, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
        return {};
    }
    return text.data();
}

std::optional<std::string_view> unless_empty(std::string_view text) {
    if (text.empty()) return std::nullopt;
    return text;
}

bool is_logged(bool is_wanted) {
    return is_wanted || log::is_enabled(log::Level::debug);
}

}  // namespace

RequestLog::RequestLog(const FramedRequest& request, bool is_wanted) {
    if (!is_logged(is_wanted)) return;
    Line& line = line_.emplace(Line{.is_wanted = is_wanted});
    line.method = RouteMatcher::known_method(request.method).value_or(line.method);
    const auto trace = trace_context(request.headers.value("traceparent"), {});
    if (trace) line.trace_id = trace->trace_id();
    line.start = std::chrono::steady_clock::now();
    line.received_bytes = request.total_bytes;
}

RequestLog RequestLog::of_refused(std::size_t received_bytes, bool is_wanted) {
    RequestLog log;
    if (!is_logged(is_wanted)) return log;
    Line& line = log.line_.emplace(Line{.is_wanted = is_wanted});
    line.start = std::chrono::steady_clock::now();
    line.received_bytes = received_bytes;
    return log;
}

void RequestLog::note_route(std::string_view pattern) noexcept {
    if (line_) line_->route = pattern;
}

void RequestLog::note_caller(std::string_view name) noexcept {
    if (line_) line_->caller = name;
}

void RequestLog::note_status(int status) noexcept {
    if (line_) line_->status = status;
}

void RequestLog::note_sent(std::size_t bytes) noexcept {
    if (line_) line_->sent_bytes += bytes;
}

void RequestLog::write(const RequestId& id, int socket) noexcept {
    if (!line_) return;
    const std::optional<Line> line = std::exchange(line_, std::nullopt);
    const std::chrono::duration<double, std::milli> duration =
        std::chrono::steady_clock::now() - line->start;
    const auto write_line = line->is_wanted ? log::info : log::debug;
    write_line("access", {{"method", line->method},
                          {"route", line->route},
                          {"status", line->status},
                          {"duration_ms", duration.count()},
                          {"bytes_in", line->received_bytes},
                          {"bytes_out", line->sent_bytes},
                          {"request_id", id.text()},
                          {"trace_id", unless_empty(line->trace_id)},
                          {"client", address_of_peer(socket)},
                          {"token_name", unless_empty(line->caller)}});
}

void log_failed_request(const RequestId& id) noexcept {
    try {
        throw;
    } catch (const std::exception& error) {
        log::error("request failed", {{"error", reason_of(error)}, {"request_id", id.text()}});
    } catch (...) {
        log::error("request failed", {{"error", "unknown"}, {"request_id", id.text()}});
    }
}

}  // namespace orders::http

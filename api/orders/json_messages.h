#pragma once

// Requests and answers whose bodies are JSON.

#include <string>
#include <string_view>
#include <utility>

#include "api/http/message.h"
#include "shared/text/ascii.h"

namespace orders {

[[nodiscard]] inline http::Response ok(std::string json) {
    json += '\n';
    return {.status = 200, .headers = {}, .body = std::move(json)};
}

// Whether the body was sent as this media type, with whatever parameters.
[[nodiscard]] inline bool is_sent_as(const http::Request& request, std::string_view media_type) {
    const std::string_view content_type = request.headers.value("content-type");
    return ascii::equals_ignoring_case(
        ascii::trimmed(content_type.substr(0, content_type.find(';'))), media_type);
}

[[nodiscard]] inline bool is_json(const http::Request& request) {
    return is_sent_as(request, "application/json");
}

}  // namespace orders

#pragma once

// The little that this project asks of other HTTP servers: whether one answers.

#include <chrono>
#include <optional>
#include <string>

namespace orders::http {

// The status that GET http://host:port/path answers with; empty if there is no answer in time.
[[nodiscard]] std::optional<int> get_status(const std::string& host, int port,
                                            const std::string& path,
                                            std::chrono::milliseconds limit);

}  // namespace orders::http

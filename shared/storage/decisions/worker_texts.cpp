#include "shared/storage/decisions/worker_texts.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <system_error>
#include <utility>

namespace orders {
namespace {

// The parts of the text; `read` makes something of each, or nothing if it is not valid.
template <typename Part, typename Read>
std::optional<std::vector<Part>> parts_of(std::string_view text, Read read) {
    std::vector<Part> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::optional<Part> part = read(text.substr(0, end));
        if (!part) return std::nullopt;
        parts.push_back(*std::move(part));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::optional<EndpointState> endpoint_from(std::string_view part) {
    const std::size_t name_ends = std::min(part.find(':'), part.size());
    auto kind = Kind::parse(part.substr(0, name_ends));
    EndpointState endpoint;
    const char* const end = part.data() + part.size();
    const char* const number = part.data() + std::min(name_ends + 1, part.size());
    const auto [after, error] = std::from_chars(number, end, endpoint.in_flight);
    const std::string_view rest(after, end);
    if (!kind || error != std::errc{} || (rest != ":0" && rest != ":1")) return std::nullopt;
    endpoint.kind = *std::move(kind);
    endpoint.is_breaker_open = rest == ":1";
    return endpoint;
}

}  // namespace

std::string kinds_as_text(const std::vector<Kind>& kinds) {
    std::string text;
    for (const Kind& kind : kinds) {
        if (!text.empty()) text += ',';
        text += kind.name();
    }
    return text;
}

std::optional<std::vector<Kind>> kinds_from_text(std::string_view text) {
    return parts_of<Kind>(text, [](std::string_view part) { return Kind::parse(part); });
}

std::string endpoints_as_text(const std::vector<EndpointState>& endpoints) {
    std::string text;
    for (const EndpointState& endpoint : endpoints) {
        if (!text.empty()) text += ',';
        text += endpoint.kind.name();
        text += ':' + std::to_string(endpoint.in_flight);
        text += endpoint.is_breaker_open ? ":1" : ":0";
    }
    return text;
}

std::optional<std::vector<EndpointState>> endpoints_from_text(std::string_view text) {
    return parts_of<EndpointState>(text, endpoint_from);
}

std::vector<EndpointState> merged(const std::vector<EndpointState>& endpoints) {
    std::map<Kind, EndpointState> by_kind;
    for (const EndpointState& endpoint : endpoints) {
        const auto [of_kind, is_first] = by_kind.try_emplace(endpoint.kind, endpoint);
        if (is_first) continue;
        of_kind->second.in_flight += endpoint.in_flight;
        of_kind->second.is_breaker_open |= endpoint.is_breaker_open;
    }
    std::vector<EndpointState> all;
    for (auto& [kind, endpoint] : by_kind) all.push_back(std::move(endpoint));
    return all;
}

}  // namespace orders

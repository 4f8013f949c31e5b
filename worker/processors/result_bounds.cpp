#include "worker/processors/result_bounds.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "shared/text/ascii.h"
#include "shared/text/json_scanner.h"
#include "shared/text/utf8.h"

namespace orders {
namespace {

ProcessingResult processor_error(std::string detail) {
    return Failure{failure_reason::processor_error, std::move(detail)};
}

ProcessingResult checked(Completed completed) {
    if (!completed.result) return completed;
    if (completed.result->size() > max_result_bytes) {
        return processor_error("The result has " + std::to_string(completed.result->size()) +
                               " bytes; at most " + std::to_string(max_result_bytes) +
                               " are kept.");
    }
    if (!is_json(*completed.result)) return processor_error("The result is not valid JSON.");
    return completed;
}

// Failure or Retry.
template <typename Unsuccessful>
ProcessingResult checked(Unsuccessful result) {
    if (!is_failure_reason(result.reason)) {
        return processor_error("The reason is not 1 to 64 of a-z, 0-9, '_', '.' and '-'.");
    }
    result.detail = utf8::truncated(result.detail, max_detail_bytes);
    return result;
}

}  // namespace

ProcessingResult kept_within_bounds(ProcessingResult result) {
    return std::visit([](auto own) { return checked(std::move(own)); }, std::move(result));
}

}  // namespace orders

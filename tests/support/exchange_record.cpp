#include "tests/support/exchange_record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <variant>

#include "shared/os/file_descriptor.h"

namespace orders::test {
namespace {

using nlohmann::json;

// Not open if nothing is to be recorded.
const FileDescriptor& recording() {
    static const FileDescriptor file = [] {
        const char* const path = std::getenv("ORDERS_RECORD");
        if (path == nullptr) return FileDescriptor();
        return FileDescriptor::opened(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666),
                                      path);
    }();
    return file;
}

// By one call, so that lines of several processes do not mix.
void append(const json& line) {
    const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (::write(recording().get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw std::system_error(errno, std::generic_category(), "cannot record an exchange");
    }
}

json line_of(const HttpAnswer& answer) {
    json headers = json::array();
    for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
    return {{"status", answer.status}, {"headers", std::move(headers)}, {"body", answer.body}};
}

}  // namespace

void record_case(const char* name) {
    if (!recording().is_open()) return;
    append({{"program", program_invocation_short_name}, {"case", name}});
}

void record_exchange(const HttpCall& call, const HttpOutcome& outcome) {
    const auto* const answer = std::get_if<HttpAnswer>(&outcome);
    if (answer == nullptr || !recording().is_open()) return;
    json line = line_of(*answer);
    line["method"] = call.method;
    line["target"] = call.target;
    append(line);
}

void record_answer(const HttpOutcome& outcome) {
    const auto* const answer = std::get_if<HttpAnswer>(&outcome);
    if (answer == nullptr || !recording().is_open()) return;
    const bool is_interim = answer->status < 200;
    if (!is_interim) append(line_of(*answer));
}

}  // namespace orders::test

#pragma once

// One request on its way through the HTTP library, and the answer that comes out of it: a stream
// that the library reads from and writes to, in memory.
//
// The library is shown method and path and nothing else: framing, content, query and the few
// headers that matter are dealt with outside of it, and what it does not see it cannot decompress,
// parse as a form, cut into ranges or trip over.
//
// Only http_router.* and this file's own .cpp include it, because it includes the library.

#include <httplib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/request_scanner.h"
#include "api/http/server.h"

namespace orders {

// What an answer's form depends on, besides what it says.
struct AnswerForm {
    bool is_to_head = false;  // it has no body then
    bool is_http_1_0 = false;
    bool closes = true;  // the connection, after this answer
};

[[nodiscard]] AnswerForm form_of_answer_to(const FramedRequest& request);

class HttpExchange final : public httplib::Stream {
   public:
    explicit HttpExchange(const FramedRequest& framed);
    // For a response that is there already and only has to be put in form.
    HttpExchange(HttpResponse response, const AnswerForm& form);

    ssize_t read(char* bytes, std::size_t size) override;
    using Stream::write;
    ssize_t write(const char* bytes, std::size_t size) override;
    [[nodiscard]] bool is_readable() const override { return true; }
    [[nodiscard]] bool is_writable() const override { return true; }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

    FramedRequest request;  // empty where the response was there already
    std::optional<HttpResponse> ready;
    AnswerForm form;
    std::optional<HttpLater> later;  // the handler will answer later: the output is void
    bool is_answered = false;
    int status = 0;
    std::string output;

   private:
    std::string library_input_;
    std::size_t position_ = 0;
};

// Parts of a request's target: the path as the client wrote it, and the query, decoded.
[[nodiscard]] std::string_view path_of(std::string_view target);
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_of(std::string_view target);

}  // namespace orders

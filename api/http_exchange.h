#pragma once

// One request on its way through the HTTP library, and the answer that comes out of it: a stream
// that the library reads from and writes to, in memory.
//
// The library is shown method and path and nothing else: framing, content, query and the few
// headers that matter are dealt with outside of it, and what it does not see it cannot decompress,
// parse as a form, cut into ranges or trip over.
//
// Only http_server.cpp and this file's own .cpp include it, because it includes the library.

#include <httplib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http_framing.h"

namespace orders {

class HttpExchange final : public httplib::Stream {
   public:
    explicit HttpExchange(const FramedRequest& framed);
    // For an answer to what is not a request.
    explicit HttpExchange(const FramingError& error);

    ssize_t read(char* bytes, std::size_t size) override;
    using Stream::write;
    ssize_t write(const char* bytes, std::size_t size) override;
    [[nodiscard]] bool is_readable() const override { return true; }
    [[nodiscard]] bool is_writable() const override { return true; }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }

    FramedRequest request;
    std::optional<FramingError> refusal;
    bool closes;  // the connection, after this answer
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

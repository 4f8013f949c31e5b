#include "api/http/client.h"

#include <httplib.h>

namespace orders::http {

std::optional<int> get_status(const std::string& host, int port, const std::string& path,
                              std::chrono::milliseconds limit) {
    httplib::Client client(host, port);
    client.set_connection_timeout(limit);
    client.set_read_timeout(limit);
    client.set_write_timeout(limit);
    const httplib::Result result = client.Get(path);
    if (!result) return std::nullopt;
    return result->status;
}

}  // namespace orders::http

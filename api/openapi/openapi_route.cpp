#include <string>
#include <utility>

#include "api/openapi/openapi_document.h"

namespace orders {

void add_openapi_route(http::Server& server) {
    server.add({.method = "GET",
                .pattern = openapi_path,
                .access = openapi_access,
                .handler = [](const http::Request&, http::Reply reply) {
                    std::move(reply).send({.content_type = "application/yaml",  // RFC 9512
                                           .body = std::string(openapi_document())});
                }});
}

}  // namespace orders

#include "api/dashboard/dashboard_routes.h"

#include <array>
#include <cassert>
#include <string>
#include <utility>

#include "api/dashboard/client_headers.h"
#include "api/dashboard/page_files.h"

namespace orders {
namespace {

using http::Reply;
using http::Request;
using http::Response;

constexpr const char* content_security_policy =
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

std::string_view content_type_of(std::string_view extension) {
    using Type = std::pair<std::string_view, std::string_view>;
    constexpr std::array types{
        Type{".html", "text/html; charset=utf-8"}, Type{".css", "text/css; charset=utf-8"},
        Type{".js", "text/javascript; charset=utf-8"}, Type{".svg", "image/svg+xml"}};
    for (const auto& [known, type] : types) {
        if (known == extension) return type;
    }
    return "text/plain; charset=utf-8";
}

Response response_of(const PageFile& file, const Request& request) {
    const bool is_page = file.path.empty();
    const bool is_compressed = accepts_gzip(request.headers.value("accept-encoding"));
    const std::string etag =
        "\"" + std::string(file.digest) + (is_compressed ? "-gzip" : "") + "\"";
    Response response{.content_type = std::string(content_type_of(file.extension))};
    response.headers = {
        {"Cache-Control", is_page ? "no-cache" : "public, max-age=31536000, immutable"},
        {"ETag", etag},
        {"Vary", "Accept-Encoding"},
        {"Content-Security-Policy", content_security_policy},
        {"Referrer-Policy", "no-referrer"}};
    if (names_etag(request.headers.value("if-none-match"), etag)) {
        response.status = 304;
        return response;
    }
    if (is_compressed) response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = is_compressed ? file.compressed : file.plain;
    return response;
}

void send_page(const Request& request, Reply reply) {
    assert(!page_files().empty());
    std::move(reply).send(response_of(page_files().front(), request));
}

// Relative, as all that the page refers to.
void lead_to_page(const Request& /*request*/, Reply reply) {
    Response response{.status = 302};
    response.headers = {{"Location", "ui/"}, {"Referrer-Policy", "no-referrer"}};
    std::move(reply).send(std::move(response));
}

}  // namespace

bool DashboardRoutes::are_built_in() noexcept {
    return !page_files().empty();
}

void DashboardRoutes::add_to(http::Server& server) {
    const auto add = [&server](std::string_view path, http::Handler handler) {
        server.add({.method = "GET",
                    .pattern = path,
                    .access = http::Access::open(),
                    .handler = std::move(handler),
                    .counted_as = "GET /ui/"});
    };
    for (const char* path : {"/", "/ui"}) add(path, lead_to_page);
    for (const char* path : {"/ui/", "/ui/orders", "/ui/order", "/ui/workers", "/ui/settings"}) {
        add(path, send_page);
    }
    for (const PageFile& file : page_files()) {
        if (file.path.empty()) continue;
        add("/ui/" + std::string(file.path), [&file](const Request& request, Reply reply) {
            std::move(reply).send(response_of(file, request));
        });
    }
}

}  // namespace orders

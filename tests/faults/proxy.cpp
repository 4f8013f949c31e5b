#include "tests/faults/proxy.h"

#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/document.h"
#include "tests/support/eventually.h"
#include "tests/support/http_client.h"

namespace orders::test {
namespace {

constexpr const char* document = "shared/packaging/OPERATING.md";

// Each of the pieces must be there.
std::string replaced(std::string text,
                     const std::vector<std::pair<std::string, std::string>>& replacements) {
    for (const auto& [piece, replacement] : replacements) {
        const std::size_t at = text.find(piece);
        if (at == std::string::npos) throw std::runtime_error("not in the document: " + piece);
        text.replace(at, piece.size(), replacement);
    }
    return text;
}

std::string documented(std::string_view language) {
    const auto blocks = Document(document).blocks(language);
    if (blocks.size() != 1) throw std::runtime_error("not one configuration in the document");
    return blocks[0];
}

std::string local(int port) {
    return "127.0.0.1:" + std::to_string(port);
}

// With checks five times a second instead of once, and no second attempts.
std::string haproxy_configuration(int port, int status_port, int first_api, int second_api) {
    return replaced(documented("haproxy"), {{"mode http", "mode http\n    retries 0"},
                                            {"bind :80", "bind " + local(port)},
                                            {"inter 1s", "inter 200ms"},
                                            {"127.0.0.1:8081", local(first_api)},
                                            {"127.0.0.1:8082", local(second_api)}}) +
           "frontend status\n    bind " + local(status_port) +
           "\n    http-request return status 200 if { srv_is_up(orders/one) } "
           "{ srv_is_up(orders/two) }\n    http-request return status 503\n";
}

// All that nginx writes goes into the directory that it is started in.
std::string nginx_configuration(int port, int first_api, int second_api) {
    std::string text =
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n"
        "events {}\nhttp {\naccess_log off;\n";
    for (const char* const user : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        text += std::string(user) + "_temp_path " + user + ";\n";
    }
    return text +
           replaced(documented("nginx"), {{"listen 80;", "listen " + local(port) + ";"},
                                          {"127.0.0.1:8081", local(first_api)},
                                          {"127.0.0.1:8082", local(second_api)}}) +
           "}\n";
}

}  // namespace

Proxy::Proxy(std::string_view name, const std::string& program, int first_api, int second_api) {
    const std::string file = directory_.file("proxy.conf");
    const bool is_nginx = name == "nginx";
    std::ofstream(file) << (is_nginx ? nginx_configuration(port_, first_api, second_api)
                                     : haproxy_configuration(port_, status_port_, first_api,
                                                             second_api));
    const std::string prefix = directory_.path().string() + "/";
    process_ = std::make_unique<ChildProcess>(
        program, is_nginx ? std::vector<std::string>{"-p", prefix, "-e", "stderr", "-c", file}
                          : std::vector<std::string>{"-db", "-f", file});
    eventually(patience, [&] {
        if (process_->ending()) throw std::runtime_error("the proxy ended:\n" + tail());
        return RawConnection(port_).is_open();
    });
}

void Proxy::wait_until_both_are_up() const {
    HttpClient status(status_port_);
    eventually(patience, [&] { return status_of(status.attempt({"GET", "/"})) == 200; });
}

}  // namespace orders::test

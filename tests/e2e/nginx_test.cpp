// The example of nginx with TLS in shared/packaging/nginx, in front of an API, with a certificate
// of the test's own.

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/proxy_program.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

const std::string host = "orders.example.com";

std::string local(int port) {
    return "127.0.0.1:" + std::to_string(port);
}

// Every piece must be there.
std::string replaced(std::string text,
                     const std::vector<std::pair<std::string, std::string>>& replacements) {
    for (const auto& [piece, replacement] : replacements) {
        const std::size_t at = text.find(piece);
        if (at == std::string::npos) throw std::runtime_error("not in the example: " + piece);
        text.replace(at, piece.size(), replacement);
    }
    return text;
}

class TlsProxy {
   public:
    TlsProxy(const std::string& program, int api_port) {
        make_certificate();
        std::ofstream(file("nginx.conf")) << configuration(api_port);
        process_ = std::make_unique<ChildProcess>(
            program, std::vector<std::string>{"-p", directory_.path().string() + "/", "-e",
                                              "stderr", "-c", file("nginx.conf")});
        eventually(patience, [&] {
            if (process_->ending()) throw std::runtime_error("nginx ended: " + process_->tail());
            return RawConnection(port_).is_open() && RawConnection(plain_port_).is_open();
        });
    }

    // The answer, with its head, to a request for the target that has these options of curl's.
    [[nodiscard]] std::string ask(const std::string& target,
                                  const std::vector<std::string>& options = {}) const {
        const Run asked = run("/usr/bin/curl", of_curl(target, options));
        return asked.error_lines.empty() ? asked.output : asked.error_lines.front();
    }
    // A client that prints what it receives as it comes, until it is ended.
    [[nodiscard]] std::unique_ptr<ChildProcess> listen_to(const std::string& target) const {
        return std::make_unique<ChildProcess>("/usr/bin/curl", of_curl(target, {"--no-buffer"}));
    }
    // A POST without TLS.
    [[nodiscard]] std::string ask_plain(const std::string& target, const std::string& body) const {
        return run("/usr/bin/curl",
                   {"--silent", "--include", "--max-time", "20", "--header", "Host: " + host,
                    "--data", body, "http://" + local(plain_port_) + target})
            .output;
    }
    [[nodiscard]] std::string origin() const {
        return "https://" + host + ":" + std::to_string(port_);
    }
    [[nodiscard]] std::string access_log() const { return contents_of(file("orders.log")); }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }

   private:
    [[nodiscard]] std::vector<std::string> of_curl(const std::string& target,
                                                   std::vector<std::string> options) const {
        const std::string port = std::to_string(port_);
        options.insert(options.end(),
                       {"--silent", "--show-error", "--include", "--cacert", file("orders.pem"),
                        "--resolve", host + ":" + port + ":127.0.0.1", origin() + target});
        return options;
    }
    void make_certificate() const {
        const Run made = run(
            "/usr/bin/openssl",
            {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host,
             "-keyout", file("orders.key"), "-out", file("orders.pem")});
        REQUIRE_EQ(made.ending, exited(0));
    }
    // All that nginx writes goes into its directory.
    [[nodiscard]] std::string configuration(int api_port) const {
        std::string text =
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\n"
            "events {}\nhttp {\naccess_log off;\n";
        for (const char* const user : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            text += std::string(user) + "_temp_path " + user + ";\n";
        }
        const std::string example =
            contents_of(std::string(ORDERS_SOURCE_DIR) + "/shared/packaging/nginx/orders.conf");
        return text +
               replaced(example, {{"127.0.0.1:8080", local(api_port)},
                                  {"listen 80;", "listen " + local(plain_port_) + ";"},
                                  {"listen 443 ", "listen " + local(port_) + " "},
                                  {"/etc/ssl/certs/orders.pem", file("orders.pem")},
                                  {"/etc/ssl/private/orders.key", file("orders.key")},
                                  {"/var/log/nginx/orders.log", file("orders.log")}}) +
               "}\n";
    }

    TempDir directory_;
    int port_ = port_to_keep();
    int plain_port_ = port_to_keep();
    std::unique_ptr<ChildProcess> process_;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Empty if they are all there.
std::string missing_tool() {
    if (!proxy_program("nginx")) return "nginx";
    for (const std::string tool : {"curl", "openssl"}) {
        if (::access(("/usr/bin/" + tool).c_str(), X_OK) != 0) return tool;
    }
    return {};
}

const std::vector<std::string> json_headers{"--header", "Content-Type: application/json"};

std::vector<std::string> with_body(const std::string& body) {
    std::vector<std::string> options = json_headers;
    options.insert(options.end(), {"--data-binary", body});
    return options;
}

std::vector<std::string> from_page_of(const std::string& origin, const std::string& body) {
    std::vector<std::string> options = with_body(body);
    options.insert(options.end(), {"--header", "Origin: " + origin});
    return options;
}

}  // namespace

TEST_CASE("nginx: the example hands requests on over TLS, and answers as they come") {
    if (const auto tool = missing_tool(); !tool.empty()) return skipped(tool + " is not installed");
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker();
    const TlsProxy proxy(*proxy_program("nginx"), processes.port());

    const std::string created = proxy.ask("/api/v1/orders", with_body(order_json("o-1").dump()));
    CHECK_MESSAGE(created.starts_with("HTTP/2 200"), created);
    CHECK(has(created, "\"order_id\":\"o-1\""));
    const std::string ended = proxy.ask("/api/v1/orders/o-1?wait_seconds=20");
    CHECK_MESSAGE(has(ended, "\"status\":\"Processed\""), ended);

    // Nobody is to be asked for a second time without TLS, and with another method.
    const std::string redirected = proxy.ask_plain("/api/v1/orders?x=1", order_json("o-2").dump());
    CHECK_MESSAGE(redirected.starts_with("HTTP/1.1 308 "), redirected);
    CHECK(has(redirected, "\nLocation: https://" + host + "/api/v1/orders?x=1\r\n"));
}

TEST_CASE("nginx: with the example, the API's own page may act, and those of others may not") {
    if (const auto tool = missing_tool(); !tool.empty()) return skipped(tool + " is not installed");
    OrderProcesses processes;
    processes.start_api();
    const TlsProxy proxy(*proxy_program("nginx"), processes.port());
    const std::string body = order_json("o-1").dump();
    const std::string foreign =
        proxy.ask("/api/v1/orders", from_page_of("https://elsewhere.example.com", body));
    CHECK_MESSAGE(foreign.starts_with("HTTP/2 403"), foreign);
    const std::string own = proxy.ask("/api/v1/orders", from_page_of(proxy.origin(), body));
    CHECK_MESSAGE(own.starts_with("HTTP/2 200"), own);
}

TEST_CASE("nginx: with the example, events come through as they happen") {
    if (const auto tool = missing_tool(); !tool.empty()) return skipped(tool + " is not installed");
    OrderProcesses processes;
    processes.start_api();
    const TlsProxy proxy(*proxy_program("nginx"), processes.port());
    const auto listener = proxy.listen_to("/api/v1/events");
    eventually(patience, [&] { return has(listener->output(), "event: hello\n"); });
    processes.submit(order_json("o-1"));
    eventually(patience, [&] { return has(listener->output(), "\"order_id\":\"o-1\""); });
}

TEST_CASE("nginx: with the example, a body that is too large is refused by the API") {
    if (const auto tool = missing_tool(); !tool.empty()) return skipped(tool + " is not installed");
    OrderProcesses processes;
    processes.start_api();
    const TlsProxy proxy(*proxy_program("nginx"), processes.port());
    const std::string body = proxy.file("body");
    const auto send = [&](std::size_t size) {
        std::ofstream(body) << R"({"orders":[)" << std::string(size - 13, ' ') << "]}";
        return proxy.ask("/api/v1/orders/batch", with_body("@" + body));
    };
    const std::size_t limit = 8 * 1024 * 1024;
    CHECK(has(send(limit), ":malformed-body\""));  // it has no orders
    const std::string refused = send(limit + 1);
    CHECK_MESSAGE(refused.starts_with("HTTP/2 413"), refused.substr(0, 300));
    CHECK(has(refused, "application/problem+json"));
}

TEST_CASE("nginx: with the example, each request has an id, the client's own if it is one") {
    if (const auto tool = missing_tool(); !tool.empty()) return skipped(tool + " is not installed");
    OrderProcesses processes;
    processes.start_api();
    const TlsProxy proxy(*proxy_program("nginx"), processes.port());
    const std::string own = proxy.ask("/livez", {"--header", "X-Request-Id: mine-1"});
    CHECK_MESSAGE(has(own, "\nx-request-id: mine-1\r\n"), own);
    const std::string made = proxy.ask("/livez", {"--header", "X-Request-Id: not \"one\""});
    CHECK_MESSAGE(std::regex_search(made, std::regex("\nx-request-id: [0-9a-f]{32}\r\n")), made);
    const std::regex lines(
        "127\\.0\\.0\\.1 \\[[^\\]]+\\] \"GET /livez\" 200 \\d+ [\\d.]+ mine-1\n"
        "127\\.0\\.0\\.1 \\[[^\\]]+\\] \"GET /livez\" 200 \\d+ [\\d.]+ [0-9a-f]{32}\n");
    eventually(patience, [&] { return std::regex_match(proxy.access_log(), lines); });
}

}  // namespace orders::test

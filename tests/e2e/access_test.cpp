// Bearer tokens, against the real order-api: with them nothing but the health checks is open, and
// no token ever leaves the program.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/hostile_bytes.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

const std::string orders_path = "/api/v1/orders";
const std::string listed = "listed-token-0123456789";
const std::string filed = "filed.token_~+/0123456789==";
const std::string wrong = "wrong-token-0123456789";
const std::string challenge = R"(Bearer realm="orders")";

// An API with both kinds of tokens.
struct ClosedApi : OrderProcesses {
    ClosedApi() {
        std::ofstream(directory().file("tokens")) << "# of the tests\n" << filed << "\n";
        set("API_TOKENS", "another-token-0123456789," + listed);
        set("API_TOKENS_FILE", directory().file("tokens"));
        set("DB_LOG_LEVEL", "DEBUG");
    }
};

HeaderList bearer(const std::string& token) {
    return {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
}

HttpCall post_of(const std::string& id, HeaderList headers) {
    return {"POST", orders_path, std::move(headers), order_json(id).dump()};
}

void check_unauthorized(const HttpAnswer& answer, const std::string& expected_challenge) {
    check_problem(answer, 401, "unauthorized");
    CHECK_EQ(answer.header("www-authenticate"), expected_challenge);
}

}  // namespace

TEST_CASE("access: each of the tokens, from the list and from the file, opens the API") {
    ClosedApi processes;
    ChildProcess& api = processes.start_api();
    CHECK_EQ(log_field(api.wait_for_line(" listening ", patience), "access"), "token");
    HttpClient http = processes.client();
    CHECK_EQ(http.send(post_of("a", bearer(listed))).status, 200);
    CHECK_EQ(http.send(post_of("b", bearer(filed))).status, 200);
    CHECK_EQ(http.send({"GET", orders_path + "/a", bearer(filed)}).status, 200);
    CHECK_EQ(http.send({"GET", "/nowhere", bearer(filed)}).status, 404);
    CHECK_EQ(http.send({"GET", orders_path, {{"authorization", "BEARER " + listed}}}).status, 200);
}

TEST_CASE("access: without a token, or with a wrong one, everything is answered with 401") {
    ClosedApi processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string target :
         {"/api/v1/orders", "/api/v1/orders/batch", "/api/v1/orders/a", "/api/v1/report",
          "/ui/nowhere", "/nowhere", "/livez/", "/readyz/", "//livez", "/LIVEZ", "/%6civez",
          "/livez%20", "/livez/../api/v1/orders", "/livez;x", "http://a/livez", "http://a"}) {
        for (const std::string method :
             {"GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
            CAPTURE(method);
            CAPTURE(target);
            check_unauthorized(http.send({method, target}), challenge);
            check_unauthorized(http.send({method, target, bearer(wrong), "{}"}),
                               challenge + R"(, error="invalid_token")");
        }
    }
    check_unauthorized(http.send({"OPTIONS", "*"}), challenge);
    CHECK_EQ(http.send({"HEAD", orders_path}).status, 401);
    check_unauthorized(http.send(post_of("a", {{"Authorization", "Basic " + listed}})), challenge);
    CHECK_EQ(http.send({"GET", orders_path + "/a", bearer(listed)}).status, 404);
}

TEST_CASE("access: a token opens what its scopes say, and no other") {
    const std::vector<std::string> scopes{"read", "submit", "work", "operate"};
    OrderProcesses processes;
    std::ofstream tokens(processes.directory().file("tokens"));
    for (const std::string& scope : scopes) {
        tokens << "token-for-" + scope + "-0123456789 " + scope + " " + scope + "er\n";
    }
    tokens.close();
    processes.set("API_TOKENS_FILE", processes.directory().file("tokens"));
    ChildProcess& api = processes.start_api();
    HttpClient http = processes.client();

    struct Row {
        std::string method;
        std::string path;
        std::string scopes;  // that open it
    };
    const std::string order = orders_path + "/a";
    for (const Row& row :
         {Row{"GET", orders_path, "read"}, Row{"HEAD", orders_path, "read"},
          Row{"GET", "/api/v1/report", "read"}, Row{"GET", order, "read submit"},
          Row{"POST", orders_path, "submit"}, Row{"POST", orders_path + "/batch", "submit"},
          Row{"PATCH", order, "operate"}, Row{"POST", order + "/cancel", "operate"},
          Row{"POST", order + "/retry", "operate"}, Row{"POST", orders_path + "/cancel", "operate"},
          Row{"POST", orders_path + "/retry", "operate"},
          Row{"POST", "/api/v1/kinds/mail/pause", "operate"},
          Row{"POST", "/api/v1/kinds/mail/resume", "operate"},
          Row{"POST", "/api/v1/claims", "work"}, Row{"POST", "/api/v1/leases/x/complete", "work"},
          Row{"POST", "/api/v1/leases/x/fail", "work"},
          Row{"POST", "/api/v1/leases/x/release", "work"},
          Row{"POST", "/api/v1/leases/x/renew", "work"},
          Row{"POST", "/api/v1/leases/batch", "work"}}) {
        for (const std::string& scope : scopes) {
            CAPTURE(row.method);
            CAPTURE(row.path);
            CAPTURE(scope);
            const HttpAnswer answer =
                http.send({row.method, row.path, bearer("token-for-" + scope + "-0123456789")});
            CHECK_NE(answer.status, 401);
            CHECK_EQ(answer.status != 403, row.scopes.find(scope) != std::string::npos);
            if (answer.status != 403 || row.method == "HEAD") continue;
            check_problem(answer, 403, "insufficient-scope");
            CHECK_EQ(answer.header("www-authenticate"),
                     challenge + R"(, error="insufficient_scope", scope=")" +
                         row.scopes.substr(0, row.scopes.find(' ')) + '"');
        }
    }
    // Who is told by the name, once for each of the two.
    CHECK_EQ(api.count_lines("kind paused kind=mail token_name=operateer"), 1);
    CHECK_EQ(api.count_lines("kind resumed kind=mail token_name=operateer"), 1);
}

TEST_CASE("access: the log says which client acted if its token has a name") {
    OrderProcesses processes;
    std::ofstream(processes.directory().file("tokens"))
        << "token-of-ann-0123456789 read,operate,submit ann\ntoken-of-nobody-0123456789\n";
    processes.set("API_TOKENS_FILE", processes.directory().file("tokens"));
    ChildProcess& api = processes.start_api();
    HttpClient http = processes.client();
    for (const std::string token : {"token-of-nobody-0123456789", "token-of-ann-0123456789"}) {
        const std::string id = token.substr(9, 3);
        CHECK_EQ(http.send(post_of(id, bearer(token))).status, 200);
        const auto send = [&](const std::string& method, const std::string& path,
                              const std::string& body) {
            CHECK_EQ(http.send({method, orders_path + path, bearer(token), body}).status, 200);
        };
        send("PATCH", "/" + id, R"({"priority":"High"})");
        send("POST", "/" + id + "/cancel", "");
        send("POST", "/" + id + "/retry", "");
        send("POST", "/cancel", R"({"priority":"High","dry_run":true})");
        send("POST", "/cancel", R"({"priority":"High"})");
        send("POST", "/retry", R"({"status":"Cancelled"})");
        CHECK_EQ(http.send({"POST", orders_path + "/nowhere/cancel", bearer(token)}).status, 404);
    }
    for (const std::string line :
         {"order changed order_id=ann token_name=ann",
          "order cancelled order_id=ann token_name=ann",
          "order retried order_id=ann token_name=ann", "orders cancelled orders=2 token_name=ann",
          "orders retried orders=2 token_name=ann"}) {
        CHECK_EQ(api.count_lines(line), 1);
    }
    CHECK_EQ(api.count_lines("token_name="), 5);
}

TEST_CASE("access: a body that is not let in is not taken for the next request") {
    ClosedApi processes;
    processes.start_api();
    RawConnection connection(processes.port());
    const std::string smuggled = to_bytes(post_of("smuggled", bearer(listed)));
    connection.send(to_bytes({"POST", orders_path, bearer(wrong), smuggled}) + get_livez);
    CHECK_EQ(status_of(connection.read_answer(patience)), 401);
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["status"], "live");
    CHECK_EQ(processes.client().send({"GET", orders_path + "/smuggled", bearer(listed)}).status,
             404);
}

TEST_CASE("access: the health checks need no token, and ignore a wrong one") {
    ClosedApi processes;
    processes.start_api();
    HttpClient http = processes.client();
    for (const std::string target : {"/livez", "/readyz", "/livez?verbose"}) {
        CHECK_EQ(http.get(target).status, 200);
        CHECK_EQ(http.send({"GET", target, bearer(wrong)}).status, 200);
        CHECK_EQ(http.send({"POST", target}).status, 405);
    }
    ChildProcess& check = processes.launch(
        api_program(), {"healthcheck", "--port", std::to_string(processes.port())});
    CHECK_EQ(check.wait_exit(patience), exited(0));
}

TEST_CASE("access: two Authorization headers are refused, whichever of them is right") {
    ClosedApi processes;
    processes.start_api();
    const std::string good = "Authorization: Bearer " + listed + "\r\n";
    const std::string bad = "Authorization: Bearer " + wrong + "\r\n";
    for (const std::string& headers : {good + bad, bad + good, good + good}) {
        check_refused(processes, "GET /api/v1/orders HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n",
                      {400});
    }
}

TEST_CASE("access: no token is in any log line or in any answer") {
    for (const std::string format : {"text", "json"}) {
        ClosedApi processes;
        processes.set("LOG_FORMAT", format);
        ChildProcess& api = processes.launch(api_program(), {"--port", "0"});
        const std::string line = api.wait_for_line("listening", patience);
        const std::string port_key = format == "json" ? "\"port\":" : "port=";
        const int port = std::stoi(line.substr(line.find(port_key) + port_key.size()));
        HttpClient http(port);
        std::vector<std::string> said;
        for (const std::string& token : {listed, filed, wrong}) {
            for (const HttpCall& call :
                 {HttpCall{"GET", orders_path, bearer(token)}, HttpCall{"BREW", "/", bearer(token)},
                  post_of("a", bearer(token)), HttpCall{"GET", "/readyz", bearer(token)},
                  HttpCall{"GET", "/livez", {{"Authorization", token}, {"Authorization", token}}},
                  HttpCall{"POST", orders_path, {{"Authorization", "Bearer " + token}}, "{"}}) {
                const HttpAnswer answer = http.send(call);
                said.push_back(answer.body);
                for (const auto& [name, value] : answer.headers) said.push_back(name + value);
            }
        }
        api.signal(SIGTERM);
        CHECK_EQ(api.wait_exit(patience), exited(0));
        const std::vector<std::string> lines = api.error_lines();
        CHECK_GT(lines.size(), 15);  // it was at DEBUG
        said.insert(said.end(), lines.begin(), lines.end());
        said.push_back(api.output());
        for (const std::string& text : said) {
            for (const char* part :
                 {"listed-token", "filed.token", "another-token", "wrong-token"}) {
                CHECK_MESSAGE(text.find(part) == std::string::npos, text);
            }
        }
    }
}

TEST_CASE("access: a tokens file that other users may read or write is warned about") {
    struct Case {
        unsigned mode;
        std::string warning;  // what it has in it; empty if there is none
    };
    OrderProcesses processes;
    const std::string file = processes.directory().file("tokens");
    std::ofstream(file) << filed << "\n";
    processes.set("API_TOKENS_FILE", file);
    const std::string event = "tokens file is open to other users";
    for (const Case& each :
         {Case{0640, ""},
          Case{0644, "mode=0644 consequence=\"every user of this machine can read "},
          Case{0602, "mode=0602 consequence=\"every user of this machine can change "}}) {
        CAPTURE(each.mode);
        std::filesystem::permissions(file, std::filesystem::perms(each.mode));
        ChildProcess& api = processes.start_api();
        REQUIRE_EQ(api.count_lines(event), each.warning.empty() ? 0 : 1);
        if (!each.warning.empty()) CHECK_EQ(api.count_lines(each.warning), 1);
        CHECK_EQ(processes.client().send({"GET", orders_path, bearer(filed)}).status, 200);
    }
}

TEST_CASE("access: an API that is open to everybody says so if others can reach its host") {
    OrderProcesses processes;
    const std::string event = "open to everybody who can reach this host";
    CHECK_NE(processes.start_api({"--host", "0.0.0.0"}).wait_for_line(event, patience), "");
    ChildProcess& closed =
        processes.start_api({"--host", "0.0.0.0"}, {{"API_TOKENS", "some-token-0123456789"}});
    ChildProcess& local = processes.start_api({"--host", "127.0.0.1"});
    // They would have said it by the time they have stopped.
    processes.stop_all();
    CHECK_EQ(closed.count_lines(event), 0);
    CHECK_EQ(local.count_lines(event), 0);
}

TEST_CASE("access: tokens that are set but empty end the program, they do not open the API") {
    for (const std::string variable : {"API_TOKENS", "API_TOKENS_FILE"}) {
        check_refused(
            run(api_program(), {"--host", "0.0.0.0"}, {{variable, ""}}), 2,
            {variable + " is set but empty; unset it for an API that is open to everybody"});
    }
}

TEST_CASE("access: tokens that cannot be used end the program with 2 and one line without them") {
    const TempDir directory;
    const std::string file = directory.file("tokens");
    std::ofstream(file) << "bad token of a file\n";
    const std::string empty_file = directory.file("empty");
    std::ofstream(empty_file).flush();
    using Environment = std::map<std::string, std::string>;
    for (const Environment& environment :
         {Environment{{"API_TOKENS", "s3cret"}},
          Environment{{"API_TOKENS", "s3cret with blanks s3cret"}},
          Environment{{"API_TOKENS", "s3cret-0123456789,"}}, Environment{{"API_TOKENS", ","}},
          Environment{{"API_TOKENS", "s3cret-0123456789," + std::string(257, 's')}},
          Environment{{"API_TOKENS_FILE", file}}, Environment{{"API_TOKENS_FILE", empty_file}},
          Environment{{"API_TOKENS_FILE", directory.file("s3cret")}},
          Environment{{"API_TOKENS_FILE", directory.path().string()}}}) {
        ChildProcess api(api_program(), {"--port", "0", "--db", directory.file("orders.db")},
                         environment);
        CHECK_EQ(api.wait_exit(patience), exited(2));
        const std::vector<std::string> lines = api.error_lines();
        REQUIRE_EQ(lines.size(), 1);
        CHECK_MESSAGE(lines[0].find(environment.begin()->first) != std::string::npos, lines[0]);
        for (const char* part : {"s3cret", "sssss", "bad token of a file"}) {
            CHECK_MESSAGE(lines[0].find(part) == std::string::npos, lines[0]);
        }
        CHECK_EQ(api.output(), "");
    }
    ChildProcess help(api_program(), {"--help"});
    CHECK_EQ(help.wait_exit(patience), exited(0));
    for (const char* word : {"API_TOKENS", "--tokens-file", "API_TOKENS_FILE"}) {
        CHECK(help.output().find(word) != std::string::npos);
    }
}

}  // namespace orders::test

// Where one request ends and the next begins, against the real order-api: what is ambiguous is
// refused, what lies about its length hurts nobody, and nothing is ever smuggled in.

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "tests/e2e/hostile_bytes.h"
#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

std::string chunk(const std::string& bytes) {
    std::ostringstream text;
    text << std::hex << bytes.size() << "\r\n" << bytes << "\r\n";
    return text.str();
}

std::string post_of(const std::string& id) {
    return to_bytes(
        {"POST", "/api/v1/orders", {{"Content-Type", "application/json"}}, order_json(id).dump()});
}

}  // namespace

TEST_CASE("hostile_framing: requests that come in one piece are answered one by one, in order") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    std::string bytes = post_of("first") + to_bytes({"GET", "/api/v1/orders/first"}) + get_livez;
    for (int i = 0; i < 50; ++i) bytes += post_of("order-" + std::to_string(i));
    connection.send(bytes);
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["order_id"], "first");
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["order_id"], "first");
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["status"], "live");
    for (int i = 0; i < 50; ++i) {
        const HttpAnswer answer = answer_of(connection.read_answer(patience));
        CHECK_EQ(answer.json()["order_id"], "order-" + std::to_string(i));
    }
}

TEST_CASE("hostile_framing: a request that comes byte by byte is understood") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    for (const char byte : post_of("slow") + get_livez) connection.send({&byte, 1});
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["order_id"], "slow");
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["status"], "live");
}

TEST_CASE("hostile_framing: a chunked body is understood") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    const std::string order = order_json("chunked").dump();
    connection.send(post_head + "Transfer-Encoding: chunked" + end_of_head +
                    chunk(order.substr(0, 5)) + chunk(order.substr(5)) + chunk("") + get_livez);
    const HttpAnswer answer = answer_of(connection.read_answer(patience));
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.json()["order_id"], "chunked");
    CHECK_EQ(answer_of(connection.read_answer(patience)).json()["status"], "live");
}

TEST_CASE("hostile_framing: what can be read in two ways is refused, and nothing is smuggled in") {
    OrderProcesses processes;
    processes.start_api();
    const std::string smuggled = post_of("smuggled");
    const std::string order = order_json("order").dump();
    const std::string length = "Content-Length: " + std::to_string(order.size());
    for (const std::string& headers :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked" + end_of_head + chunk("") + smuggled,
          "Transfer-Encoding: chunked\r\nContent-Length: 5" + end_of_head + chunk("") + smuggled,
          length + "\r\nContent-Length: 5" + end_of_head + order + smuggled,
          "Content-Length: 5\r\n" + length + end_of_head + order + smuggled,
          "Content-Length: 5, 6" + end_of_head + order + smuggled,
          length + "\r\nTransfer-Encoding: identity" + end_of_head + order + smuggled,
          "Transfer-Encoding: gzip, chunked" + end_of_head + chunk("") + smuggled,
          "Transfer-Encoding: chunked, identity" + end_of_head + chunk("") + smuggled,
          "Transfer-Encoding: xchunked" + end_of_head + chunk("") + smuggled,
          "Transfer-Encoding: chunke%64" + end_of_head + chunk("") + smuggled,
          "Transfer-Encoding : chunked" + end_of_head + chunk("") + smuggled,
          "Content-Length : 5" + end_of_head + order + smuggled,
          "Content-Length: abc" + end_of_head + order + smuggled,
          "Content-Length: -5" + end_of_head + order + smuggled,
          "Content-Length: +5" + end_of_head + order + smuggled,
          "Content-Length: 0x5" + end_of_head + order + smuggled,
          "Content-Length: %35" + end_of_head + order + smuggled,
          "Content-Length: 5 5" + end_of_head + order + smuggled,
          "Content-Length:" + end_of_head + order + smuggled,
          "X-Folded: a\r\n Transfer-Encoding: chunked" + end_of_head + order + smuggled,
          std::string("X-Nul: a\0b", 10) + end_of_head + order + smuggled,
          "No-Colon" + end_of_head + order + smuggled,
          "X-Bare: a\nContent-Length: 5" + end_of_head + order + smuggled}) {
        check_refused(processes, post_head + headers, {400, 501});
    }
    check_refused(processes,
                  post_head + "Content-Length: 99999999999999999999" + end_of_head + smuggled,
                  {400, 413});
    CHECK_EQ(processes.client().get("/api/v1/orders/smuggled").status, 404);
}

TEST_CASE("hostile_framing: a chunked body that breaks the rules smuggles nothing in") {
    OrderProcesses processes;
    processes.start_api();
    const std::string head = post_head + "Transfer-Encoding: chunked" + end_of_head;
    for (const std::string& body :
         {std::string("nonsense\r\n"), std::string("-1\r\n"), std::string("0x5\r\nhello\r\n"),
          std::string("\r\n"), std::string("ffffffffffffffff\r\n"),
          std::string("10000000000000000\r\n"), "2\r\n{}" + std::string("xx") + "0" + end_of_head,
          std::string("5\nhello\n0\n\n")}) {
        check_refused(processes, head + body + post_of("smuggled"), {400, 413});
    }
    CHECK_EQ(processes.client().get("/api/v1/orders/smuggled").status, 404);
}

TEST_CASE("hostile_framing: a body over the limit is refused unread, however it is framed") {
    OrderProcesses processes;
    processes.start_api();
    // Only announced.
    check_refused(processes, post_head + "Content-Length: 1048577" + end_of_head, {413});
    check_refused(processes, post_head + "Content-Length: 10000000000" + end_of_head, {413});
    // In chunks, large and tiny, with chunk extensions that are longer than the data, and without
    // end.
    const std::string head = post_head + "Transfer-Encoding: chunked" + end_of_head;
    std::string large = head;
    for (int i = 0; i < 20; ++i) large += chunk(std::string(100'000, ' '));
    check_refused(processes, large, {413});
    std::string tiny = head;
    while (tiny.size() < 12'000'000) tiny += "1\r\n \r\n";
    check_refused(processes, tiny, {400, 413});
    std::string extended = head;
    while (extended.size() < 3'000'000) {
        extended += "1;" + std::string(1'000, 'x') + "\r\n \r\n";
    }
    check_refused(processes, extended, {400, 413});
    std::string trailers = head + "0\r\n";
    while (trailers.size() < 3'000'000)
        trailers += "X-Trailer: " + std::string(1'000, 'x') + "\r\n";
    check_refused(processes, trailers, {400, 413, 431});
}

TEST_CASE("hostile_framing: POST without a length is answered at once") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    connection.send(post_head + "\r\n" + get_livez);
    check_problem(answer_of(connection.read_answer(patience)), 400, "malformed-body");
    CHECK_EQ(status_of(connection.read_answer(patience)), 200);
}

TEST_CASE("hostile_framing: a body that is shorter than its length stores nothing") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    connection.send(post_head + "Content-Length: 500" + end_of_head + order_json("short").dump());
    connection.finish_sending();
    const int status = status_of(connection.read_answer(patience));
    CHECK_MESSAGE((status == 0 || status == 400), status);
    CHECK_EQ(processes.client().get("/api/v1/orders/short").status, 404);
}

TEST_CASE("hostile_framing: what follows a body of the announced length is the next request") {
    OrderProcesses processes;
    processes.start_api();
    RawConnection connection(processes.port());
    const std::string order = order_json("exact").dump();
    connection.send(post_head + "Content-Length: " + std::to_string(order.size()) + end_of_head +
                    order + "}} not a request\r\n\r\n");
    CHECK_EQ(status_of(connection.read_answer(patience)), 200);
    CHECK_EQ(status_of(connection.read_answer(patience)), 400);
    CHECK(connection.is_closed_by_server(patience));
}

TEST_CASE("hostile_framing: the body of a request that is refused is not taken for the next one") {
    OrderProcesses processes;
    processes.start_api();
    for (const HttpCall& call :
         {HttpCall{"GET", "/livez", {}, post_of("smuggled")},
          HttpCall{"POST", "/nowhere", {}, post_of("smuggled")},
          HttpCall{"DELETE", "/livez", {}, post_of("smuggled")},
          HttpCall{
              "POST", "/api/v1/orders", {{"Content-Type", "text/plain"}}, post_of("smuggled")}}) {
        RawConnection connection(processes.port());
        connection.send(to_bytes(call) + get_livez);
        CHECK_GT(status_of(connection.read_answer(patience)), 0);
        // The next answer is the one to the next request, or the connection is closed.
        const HttpOutcome next = connection.read_answer(patience);
        if (status_of(next) != 0) CHECK_EQ(answer_of(next).json()["status"], "live");
    }
    CHECK_EQ(processes.client().get("/api/v1/orders/smuggled").status, 404);
}

}  // namespace orders::test

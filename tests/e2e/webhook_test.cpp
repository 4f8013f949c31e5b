// order-worker with webhooks, as an operator runs it: orders go to receivers, and come back with
// what those said.

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/free_port.h"
#include "tests/support/order_processes.h"
#include "tests/support/webhook_receiver.h"

namespace orders::test {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

json mail_order(const std::string& id) {
    return {{"order_id", id}, {"priority", "Normal"}, {"kind", "mail"}};
}

}  // namespace

TEST_CASE("webhook: an order of its kind is sent, and ends as the receiver says") {
    WebhookReceiver receiver([](const ReceivedRequest& request) {
        if (request.body.find("\"good\"") != std::string::npos) {
            return answer_with(200, R"({"sent": 1e400})");
        }
        return answer_with(422, "no such address");
    });
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker({"--webhook", "mail=" + receiver.url()});
    json order = mail_order("good");
    order["payload"] = {{"to", "ann@example.com"}};
    processes.submit(order);
    processes.submit(mail_order("bad"));

    HttpAnswer good;  // its result is beyond what a reader of JSON takes
    eventually(patience, [&] {
        good = processes.client().get("/api/v1/orders/good");
        return good.body.find(R"("status":"Processed")") != std::string::npos;
    });
    CHECK(good.body.find(R"("result":{"sent": 1e400})") != std::string::npos);
    const json bad = processes.finished_order("bad");
    CHECK_EQ(bad["status"], "Failed");
    CHECK_EQ(bad["failure"], "http_422");
    CHECK_EQ(bad["failure_detail"], "no such address");
    const auto requests = receiver.requests();
    REQUIRE_EQ(requests.size(), 2);
    CHECK(requests[0].body.find(R"("payload":{"to":"ann@example.com"}})") != std::string::npos);
    CHECK(requests[0].header("user-agent") == "order-worker/" ORDERS_VERSION);
    CHECK(requests[0].header("webhook-id").starts_with("ord_"));
    CHECK(requests[0].header("order-deadline-seconds") == "30");
}

TEST_CASE("webhook: orders of other kinds are left to other workers") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200); });
    OrderProcesses processes;
    processes.start_api();
    processes.submit(order_json("other"));
    processes.start_worker({"--webhook", "mail=" + receiver.url()});
    processes.submit(mail_order("ours"));
    processes.finished_order("ours");
    CHECK_EQ(processes.order("other")["status"], "Pending");
    CHECK_EQ(receiver.requests().size(), 1);
}

TEST_CASE("webhook: one worker does both, if it is told to") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200, "7"); });
    OrderProcesses processes;
    processes.start_api();
    processes.set("SERVICE_WEBHOOKS", "mail=" + receiver.url() + ",sms=" + receiver.url("/a,b"));
    processes.set("SERVICE_SIMULATE", "default");
    processes.start_worker();
    processes.submit(order_json("simulated"));
    processes.submit(mail_order("sent"));
    json sms = mail_order("sms");
    sms["kind"] = "sms";
    processes.submit(sms);
    CHECK_EQ(processes.finished_order("simulated")["result"], nullptr);
    CHECK_EQ(processes.finished_order("sent")["result"], 7);
    CHECK_EQ(processes.finished_order("sms")["result"], 7);
}

TEST_CASE("webhook: an order that was not answered is tried again, with the same id") {
    std::atomic<int> count = 0;
    WebhookReceiver receiver([&](const ReceivedRequest&) {
        return ++count == 1 ? answer_with(503, "", "retry-after: 1\r\n") : answer_with(200);
    });
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker({"--webhook", "mail=" + receiver.url(), "--backoff-seconds", "1"});
    processes.submit(mail_order("a"));
    const json order = processes.finished_order("a");
    CHECK_EQ(order["status"], "Processed");
    CHECK_EQ(order["attempts"], 2);
    CHECK_EQ(order["attempt_history"][0]["reason"], "http_503");
    const auto requests = receiver.requests();
    REQUIRE_EQ(requests.size(), 2);
    CHECK_EQ(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    CHECK_EQ(requests[0].header("order-attempt"), "1");
    CHECK_EQ(requests[1].header("order-attempt"), "2");
    CHECK_LT(std::stoi(requests[0].header("order-token")),
             std::stoi(requests[1].header("order-token")));
}

TEST_CASE("webhook: an order whose worker is killed goes out once more, with a larger token") {
    std::atomic<bool> is_silent = true;
    WebhookReceiver receiver(
        [&](const ReceivedRequest&) { return is_silent ? Reaction{} : answer_with(200); });
    OrderProcesses processes;
    processes.start_api();
    const OrderProcesses::Flags flags{"--webhook", "mail=" + receiver.url()};
    ChildProcess& killed = processes.start_worker(flags);
    processes.submit(mail_order("a"));
    eventually(patience, [&] { return receiver.requests().size() == 1; });
    killed.kill();
    is_silent = false;
    processes.start_worker(flags);
    CHECK_EQ(processes.finished_order("a")["status"], "Processed");
    const auto requests = receiver.requests();
    REQUIRE_EQ(requests.size(), 2);
    CHECK_EQ(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
    CHECK_LT(std::stoi(requests[0].header("order-token")),
             std::stoi(requests[1].header("order-token")));
}

TEST_CASE("webhook: in an outage orders stay Pending, and all end when it is over") {
    constexpr int orders = 200;
    const int port = free_port();  // nobody listens there
    OrderProcesses processes;
    processes.start_api();
    processes.start_worker({"--webhook", "mail=http://127.0.0.1:" + std::to_string(port) + "/",
                            "--backoff-seconds", "1"});
    std::vector<json> many;
    for (int number = 0; number < orders; ++number) {
        many.push_back(mail_order("o-" + std::to_string(number)));
    }
    processes.submit_all(many);
    CHECK_EQ(processes.wait_for_lines(" webhook endpoint is out of order ", 1).size(), 1);
    const auto untried = [&] {
        int count = 0;
        const json list = processes.client().get("/api/v1/orders?limit=1000").json();
        for (const json& order : list["orders"]) {
            if (order["attempts"] == 0 && order["status"] == "Pending") ++count;
        }
        return count;
    };
    CHECK_GT(untried(), orders / 4);
    const auto has_reported = [&](const char* breaker) {
        const json report = processes.client().get("/api/v1/report").json();
        return report["endpoints"].size() == 1 && report["endpoints"][0]["kind"] == "mail" &&
               report["endpoints"][0]["breaker"] == breaker;
    };
    eventually(patience, [&] { return has_reported("open"); });
    WebhookReceiver receiver([](const ReceivedRequest&) { return answer_with(200); }, nullptr,
                             port);
    CHECK_EQ(processes.counts_when_finished(orders)["Processed"], orders);
    CHECK_EQ(processes.wait_for_lines(" webhook endpoint works again ", 1).size(), 1);
    eventually(patience, [&] { return has_reported("closed"); });
}

TEST_CASE("webhook: a stopping worker gives back what was not answered") {
    WebhookReceiver receiver([](const ReceivedRequest&) { return Reaction{}; });
    OrderProcesses processes;
    processes.start_api();
    ChildProcess& worker =
        processes.start_worker({"--webhook", "mail=" + receiver.url(), "--drain-seconds", "0"});
    processes.submit(mail_order("a"));
    eventually(patience, [&] { return receiver.requests().size() == 1; });
    worker.signal(SIGTERM);
    CHECK_EQ(worker.wait_exit(patience), exited(0));
    const json order = processes.order("a");
    CHECK_EQ(order["status"], "Pending");
    CHECK_EQ(order["attempts"], 0);
}

TEST_CASE("webhook: it is said at the start where orders go, and what is unsafe about it") {
    OrderProcesses processes;
    const auto lines_of = [&](const OrderProcesses::Flags& flags,
                              const OrderProcesses::Environment& environment = {}) {
        ChildProcess& worker = processes.start_worker(flags, environment);
        worker.signal(SIGTERM);
        CHECK_EQ(worker.wait_exit(patience), exited(0));
        std::string lines;
        for (const std::string& line : worker.error_lines()) lines += line + "\n";
        return lines;
    };
    const auto has = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    const std::string open = lines_of(
        {"--webhook", "mail=http://10.1.2.3/a?key=s3cret", "--webhook", "sms=http://localhost:1/"});
    CHECK(has(open, "orders go to a webhook kind=mail endpoint=http://10.1.2.3 secrets=0"));
    CHECK(has(open, "orders go to a webhook in the clear kind=mail endpoint=http://10.1.2.3 "));
    CHECK_FALSE(has(open, "in the clear kind=sms"));
    CHECK(has(open, "webhooks are not signed kinds=mail,sms "));
    CHECK_FALSE(has(open, "s3cret"));
    const std::string safe =
        lines_of({"--webhook", "mail=http://[::1]:1/"},
                 {{"SERVICE_WEBHOOK_SECRETS", std::string("mail=") + secret + " " + secret}});
    CHECK(has(safe, "orders go to a webhook kind=mail endpoint=http://[::1]:1 secrets=2"));
    CHECK_FALSE(has(safe, "not signed"));
    CHECK_FALSE(has(safe, "in the clear"));
    CHECK_FALSE(has(safe, "whsec"));
}

}  // namespace orders::test

#include "tests/faults/order_clients.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "tests/support/http_client.h"
#include "tests/support/order_processes.h"
#include "tests/support/seed.h"

namespace orders::test {
namespace {

using nlohmann::json;

constexpr char orders_path[] = "/api/v1/orders";

// Spreads ids evenly, and the same way in every process.
unsigned number_of(const std::string& order_id) {
    unsigned hash = 2'166'136'261;  // FNV-1a
    for (const char c : order_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
    return hash;
}

// The library that makes the bodies writes no number beyond a double, and no key twice: so a mark
// stands where the payload belongs.
constexpr char payload_mark[] = "payload of ";

std::string with_payloads(std::string body) {
    const std::string begin = std::string("\"") + payload_mark;
    for (std::size_t at = body.find(begin); at != body.npos; at = body.find(begin, at)) {
        const std::size_t end = body.find('"', at + 1) + 1;
        const std::string id = body.substr(at + begin.size(), end - 1 - at - begin.size());
        body.replace(at, end - at, payload_of(id));
    }
    return body;
}

HttpCall create(const json& body, bool is_batch) {
    return {"POST",
            std::string(orders_path) + (is_batch ? "/batch" : ""),
            {{"Content-Type", "application/json"}},
            with_payloads((is_batch ? json{{"orders", body}} : body).dump())};
}

HttpCall act(const std::string& id, const std::string& action) {
    return {"POST", std::string(orders_path) + "/" + id + "/" + action};
}

// Whether a refusal leaves open what became of the orders.
bool is_outcome_unknown(const HttpAnswer& answer) {
    return answer.status == 503 && answer.body.find("outcome-unknown") != std::string::npos;
}

}  // namespace

std::string kind_of(const std::string& order_id) {
    switch (number_of(order_id) % 10) {  // of those that have a payload, and ask for no retry
        case 1:
            return "greet";
        case 3:
            return "mail";
        case 7:
            return "report";
        default:
            return "default";
    }
}

std::string payload_of(const std::string& order_id) {
    const unsigned number = number_of(order_id);
    if (number % 2 == 0) return {};
    std::string payload = R"({"order": ")" + order_id + R"(", "order": 1e400)";
    if (number % 5 == 0) payload += R"(, "simulate": {"outcome": "retry", "times": 1})";
    if (kind_of(order_id) != "default") payload += R"(, "name": ")" + order_id + '"';
    return payload + R"(, "fill": ")" + std::string(number % 3'000, 'x') + "\"}";
}

void ClientLog::acknowledge(const std::set<std::string>& ids) {
    for (const std::string& id : ids) {
        acknowledged.insert(id);
        maybe.erase(id);
    }
}

void ClientLog::add(const ClientLog& other) {
    acknowledged.insert(other.acknowledged.begin(), other.acknowledged.end());
    maybe.insert(other.maybe.begin(), other.maybe.end());
    refused.insert(other.refused.begin(), other.refused.end());
    cancelled.insert(other.cancelled.begin(), other.cancelled.end());
    retried.insert(other.retried.begin(), other.retried.end());
    surprises.insert(other.surprises.begin(), other.surprises.end());
    longest = std::max(longest, other.longest);
}

// One client; only its own thread uses anything but the log.
struct OrderClients::Client {
    Client(std::string prefix, std::mt19937::result_type seed)
        : name(std::move(prefix)), random(seed) {}

    std::string name;
    std::mt19937 random;
    int last_number = 0;
    std::vector<std::string> known;  // acknowledged, in that order

    std::mutex mutex;  // guards the log
    ClientLog log;

    std::string new_id() { return name + "-" + std::to_string(++last_number); }

    json new_order(const std::string& id) {
        json order =
            order_json(id, any_of(random, 1, 4) == 1 ? "High" : "Normal", any_of(random, 1, 10));
        if (!payload_of(id).empty()) order["payload"] = payload_mark + id;
        order["kind"] = kind_of(id);
        if (number_of(id) % 7 == 0) order["delay_seconds"] = 1;
        order["backoff_seconds"] = 1;
        return order;
    }

    std::optional<std::string> an_open_question() {
        const std::lock_guard lock(mutex);
        if (log.maybe.empty()) return std::nullopt;
        return *std::next(log.maybe.begin(),
                          any_of(random, 0, static_cast<int>(log.maybe.size()) - 1));
    }

    void acknowledge(const std::set<std::string>& ids) {
        known.insert(known.end(), ids.begin(), ids.end());
        const std::lock_guard lock(mutex);
        log.acknowledge(ids);
    }

    void surprise(const HttpAnswer& answer, const std::string& about) {
        const std::lock_guard lock(mutex);
        log.surprises.insert(about + ": " + std::to_string(answer.status) + " " + answer.body);
    }

    HttpOutcome attempt(HttpClient& http, const HttpCall& call) {
        const auto begin = std::chrono::steady_clock::now();
        HttpOutcome outcome = http.attempt(call);
        const auto took = std::chrono::steady_clock::now() - begin;
        const std::lock_guard lock(mutex);
        log.longest = std::max(log.longest, duration_cast<std::chrono::milliseconds>(took));
        if (failure_of(outcome) == ConnectionFailure::timed_out) {
            log.surprises.insert("no answer to " + call.method + " " + call.target);
        }
        return outcome;
    }

    // Notes what an answer other than 200, or none, says about orders that were sent for the first
    // time. Returns whether somebody was there to send them to.
    bool note_not_acknowledged(const HttpOutcome& outcome, const std::set<std::string>& ids) {
        if (failure_of(outcome) == ConnectionFailure::refused) return false;  // never sent
        const std::lock_guard lock(mutex);
        if (failure_of(outcome) || is_outcome_unknown(answer_of(outcome))) {
            log.maybe.insert(ids.begin(), ids.end());
        } else if (status_of(outcome) == 503 || status_of(outcome) == 429) {
            log.refused.insert(ids.begin(), ids.end());
        } else {
            log.surprises.insert(std::to_string(status_of(outcome)) + " " +
                                 answer_of(outcome).body);
        }
        return true;
    }

    bool send_one(HttpClient& http) {
        const std::string id = new_id();
        const HttpOutcome outcome = attempt(http, create(new_order(id), false));
        if (status_of(outcome) != 200) return note_not_acknowledged(outcome, {id});
        acknowledge({id});
        return true;
    }

    // New ones, one that is not valid, and perhaps one that stands already.
    bool send_batch(HttpClient& http, bool has_duplicate) {
        std::set<std::string> ids;
        json orders = json::array();
        for (int i = any_of(random, 1, 40); i > 0; --i) {
            const std::string id = new_id();
            ids.insert(id);
            orders.push_back(new_order(id));
        }
        if (has_duplicate && !known.empty()) orders.push_back(new_order(known.back()));
        orders.push_back(order_json("not valid"));
        const HttpOutcome outcome = attempt(http, create(orders, true));
        if (status_of(outcome) != 200) return note_not_acknowledged(outcome, ids);
        const json answer = answer_of(outcome).json();
        for (const json& result : answer["results"]) {
            const auto id = result["order_id"].get<std::string>();
            const std::string expected = ids.contains(id)    ? "created"
                                         : id == "not valid" ? "invalid"
                                                             : "duplicate";
            if (result["status"] != expected) surprise(answer_of(outcome), id);
        }
        acknowledge(ids);
        return true;
    }

    // Sends an order again whose fate is open: 200 and 409 both mean that it stands now.
    bool ask_again(HttpClient& http, const std::string& id) {
        const HttpOutcome outcome = attempt(http, create(new_order(id), false));
        const int status = status_of(outcome);
        if (status == 200 || status == 409) {
            acknowledge({id});
        } else if (status != 0 && status != 503 && status != 429) {
            surprise(answer_of(outcome), id);
        }
        return failure_of(outcome) != ConnectionFailure::refused;
    }

    [[nodiscard]] const std::string& one_of_known() {
        return known.at(
            static_cast<std::size_t>(any_of(random, 0, static_cast<int>(known.size()) - 1)));
    }

    bool read_back(HttpClient& http) {
        const std::string& id = one_of_known();
        const HttpOutcome outcome = attempt(http, {"GET", std::string(orders_path) + "/" + id});
        const int status = status_of(outcome);
        if (status != 0 && status != 200 && status != 503) surprise(answer_of(outcome), id);
        const std::string payload = payload_of(id);
        if (status == 200 && !payload.empty() &&
            answer_of(outcome).body.find(payload) == std::string::npos) {
            surprise(answer_of(outcome), id);
        }
        return failure_of(outcome) != ConnectionFailure::refused;
    }

    bool cancel(HttpClient& http) {
        const std::string& id = one_of_known();
        const HttpOutcome outcome = attempt(http, act(id, "cancel"));
        const int status = status_of(outcome);
        if (status == 200) {
            const std::lock_guard lock(mutex);
            log.cancelled.insert(id);
        } else if (status != 0 && status != 409 && status != 503) {
            surprise(answer_of(outcome), id);
        }
        return failure_of(outcome) != ConnectionFailure::refused;
    }

    bool retry(HttpClient& http) {
        const std::string& id = one_of_known();
        {  // the answer may be lost
            const std::lock_guard lock(mutex);
            log.cancelled.erase(id);
            log.retried.insert(id);
        }
        const HttpOutcome outcome = attempt(http, act(id, "retry"));
        const int status = status_of(outcome);
        if (status != 0 && status != 200 && status != 409 && status != 503) {
            surprise(answer_of(outcome), id);
        }
        return failure_of(outcome) != ConnectionFailure::refused;
    }
};

OrderClients::OrderClients(int clients, const std::string& name, std::mt19937& random,
                           std::function<int()> port, ClientHabits habits)
    : port_(std::move(port)), habits_(habits) {
    for (int i = 0; i < clients; ++i) {
        clients_.push_back(std::make_unique<Client>(name + std::to_string(i), random()));
    }
    for (const auto& client : clients_) {
        threads_.emplace_back(
            [this, &client = *client](const std::stop_token& stop) { send_orders(client, stop); });
    }
}

OrderClients::~OrderClients() {
    stop();
}

void OrderClients::send_orders(Client& client, const std::stop_token& stop) {
    int port = 0;
    HttpClient http(port);
    while (!stop.stop_requested()) {
        if (port != port_()) {
            port = port_();
            http = HttpClient(port);
        }
        const int kind = any_of(client.random, 1, 12);
        bool is_answered = false;
        const bool asks = habits_.asks_again && kind <= 2;
        if (const auto id = asks ? client.an_open_question() : std::nullopt) {
            is_answered = client.ask_again(http, *id);
        } else if (habits_.reads_back && kind <= 4 && !client.known.empty()) {
            is_answered = client.read_back(http);
        } else if (habits_.reads_back && kind == 11 && !client.known.empty()) {
            is_answered = client.cancel(http);
        } else if (habits_.reads_back && kind == 12 && !client.known.empty()) {
            is_answered = client.retry(http);
        } else if (kind == 5) {
            is_answered = client.send_batch(http, habits_.reads_back);
        } else {
            is_answered = client.send_one(http);
        }
        if (is_answered) {
            ++answers_;
        } else {  // leave the processor to whoever starts the next API
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
}

ClientLog OrderClients::log() const {
    ClientLog all;
    for (const auto& client : clients_) {
        const std::lock_guard lock(client->mutex);
        all.add(client->log);
    }
    return all;
}

ClientLog OrderClients::stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
    return log();
}

}  // namespace orders::test

#pragma once

// Clients that send orders while everything around them breaks, and keep a log of what they know:
// singly and in batches, new ones, duplicates and invalid ones, the same again if an answer was
// lost; reading back what was acknowledged, cancelling and retrying it. What an order carries, when
// it is due and whether it is to be tried again follows from its id.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace orders::test {

struct ClientLog {
    std::set<std::string> acknowledged;    // answered with 200, or found standing when sent again
    std::set<std::string> maybe;           // the answer was lost, or was "outcome-unknown"
    std::set<std::string> refused;         // the answer was that it is certainly not stored
    std::set<std::string> cancelled;       // by an answer of 200, and not retried since then
    std::set<std::string> retried;         // or perhaps: what was answered does not matter
    std::set<std::string> surprises;       // answers that no fault excuses; also none for 30 s
    std::chrono::milliseconds longest{0};  // that any answer took

    // What this client learned of the orders it sent.
    void acknowledge(const std::set<std::string>& ids);
    void add(const ClientLog& other);
};

// What kind the order is of: mostly `default`, else `greet`, which the workers under
// tests/examples/ take, `mail` or `report`; then its payload has its id as `name`.
[[nodiscard]] std::string kind_of(const std::string& order_id);

// What the order carries as its payload, byte for byte; empty for nothing.
[[nodiscard]] std::string payload_of(const std::string& order_id);

// If orders are deleted some time after their end, no client can expect to find them, nor that
// their ids stay taken.
struct ClientHabits {
    bool asks_again = true;  // about orders whose answer was lost
    bool reads_back = true;
};

class OrderClients {
   public:
    // They send to whatever port `port` says, each by random numbers of its own. Ids begin with
    // `name`.
    OrderClients(int clients, const std::string& name, std::mt19937& random,
                 std::function<int()> port, ClientHabits habits = {});
    // Stops them.
    ~OrderClients();
    OrderClients(const OrderClients&) = delete;
    OrderClients& operator=(const OrderClients&) = delete;

    // Requests that were answered with 200 so far.
    [[nodiscard]] int answers() const noexcept { return answers_; }
    // Of all clients, up to now; from any thread.
    [[nodiscard]] ClientLog log() const;
    // Ends them, each after its current request.
    ClientLog stop();

   private:
    struct Client;
    void send_orders(Client& client, const std::stop_token& stop);

    const std::function<int()> port_;
    const ClientHabits habits_;
    std::atomic<int> answers_ = 0;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::jthread> threads_;  // last: they use the above
};

}  // namespace orders::test

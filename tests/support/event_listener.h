#pragma once

// A client of GET /api/v1/events, as far as tests need one: it takes the body's chunks apart, and
// the events in them. Belongs to one thread.

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/eventually.h"
#include "tests/support/exchange_record.h"
#include "tests/support/http_client.h"

namespace orders::test {

struct SentEvent {
    std::string id;    // empty if it has none
    std::string name;  // empty if it is a comment or has an id alone
    nlohmann::json data = {};

    [[nodiscard]] std::string epoch() const { return id.substr(0, id.find('-')); }
    [[nodiscard]] std::int64_t number() const { return std::stoll(id.substr(id.find('-') + 1)); }
    // Of an order: ID STATUS.
    [[nodiscard]] std::string text() const {
        return data.value("order_id", "") + " " + data.value("status", "");
    }
};

class EventListener {
   public:
    // One that finds nobody there does not listen.
    explicit EventListener(int port, const std::string& query = {},
                           const std::string& last_event_id = {})
        : connection_(port) {
        if (!connection_.is_open()) return;
        std::string request = "GET /api/v1/events" + query + " HTTP/1.1\r\nHost: a\r\n";
        if (!last_event_id.empty()) request += "Last-Event-ID: " + last_event_id + "\r\n";
        connection_.send(request + "\r\n");
        head_ = connection_.read_until("\r\n\r\n", patience);
        target_ += query;
    }
    ~EventListener() {
        if (!is_listening()) return;
        HttpAnswer answer = parse_head(std::string_view(head_).substr(0, head_.size() - 4));
        answer.body = std::move(received_);
        record_exchange({"GET", target_}, answer);
    }
    EventListener(const EventListener&) = delete;
    EventListener& operator=(const EventListener&) = delete;

    [[nodiscard]] const std::string& head() const noexcept { return head_; }
    [[nodiscard]] bool is_listening() const { return head_.starts_with("HTTP/1.1 200 "); }
    // Whether the body has come to its proper end.
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

    // Whether the server has closed the connection.
    [[nodiscard]] bool is_closed() {
        return connection_.is_closed_by_server(std::chrono::milliseconds(1));
    }

    // The next event, or comment; empty if there is none in time, or no more.
    [[nodiscard]] std::optional<SentEvent> next(std::chrono::milliseconds within = patience) {
        std::size_t end = 0;
        while ((end = text_.find("\n\n")) == std::string::npos) {
            if (!read_chunk(within)) return std::nullopt;
        }
        const SentEvent event = parsed(std::string_view(text_).substr(0, end + 1));
        text_.erase(0, end + 2);
        return event;
    }
    // The next one of that name.
    [[nodiscard]] SentEvent next_of(std::string_view name) {
        for (;;) {
            auto event = next();
            if (!event) throw std::runtime_error("no event " + std::string(name) + " has come");
            if (event->name == name) return *std::move(event);
        }
    }
    [[nodiscard]] SentEvent next_order() { return next_of("order"); }

   private:
    // A chunk is two lines: its size, and its content, in which no line ends so.
    [[nodiscard]] bool read_chunk(std::chrono::milliseconds within) {
        for (const bool is_content : {false, true}) {
            if (is_complete_ || is_content != has_size_) continue;
            line_ += connection_.read_until("\r\n", within);
            if (!line_.ends_with("\r\n")) return false;
            has_size_ = !is_content;
            if (is_content) {
                is_complete_ = line_.size() == 2;
                text_.append(line_, 0, line_.size() - 2);
                received_.append(line_, 0, line_.size() - 2);
            }
            line_.clear();
        }
        return !is_complete_;
    }

    [[nodiscard]] static SentEvent parsed(std::string_view lines) {
        SentEvent event;
        while (!lines.empty()) {
            const std::size_t end = lines.find('\n');
            const std::string_view line = lines.substr(0, end);
            lines.remove_prefix(end + 1);
            if (line.starts_with("id: ")) event.id = line.substr(4);
            if (line.starts_with("event: ")) event.name = line.substr(7);
            if (line.starts_with("data: ")) event.data = nlohmann::json::parse(line.substr(6));
        }
        return event;
    }

    RawConnection connection_;
    std::string target_ = "/api/v1/events";
    std::string head_;
    std::string received_;
    std::string line_;  // of which the end has not come yet
    bool has_size_ = false;
    std::string text_;
    bool is_complete_ = false;
};

}  // namespace orders::test

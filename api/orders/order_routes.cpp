#include "api/orders/order_routes.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/route_table.h"
#include "api/orders/fingerprint.h"
#include "api/orders/history_writing.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_parsing.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_query.h"
#include "api/orders/order_writing.h"

namespace orders {
namespace {

using http::Access;
using http::Reply;
using http::Request;
using http::Response;
using http::Scope;

// Who creates orders may ask about each of them.
constexpr http::Scopes readers_of_one = Scope::read | Scope::submit;

enum class KeyFound { none, valid, invalid };

// Which key it is does not count: the order's id says what is sent again, and its content whether
// it is the same.
KeyFound idempotency_key_of(const Request& request) {
    constexpr std::size_t max_length = 255;
    const auto key = request.headers.find("idempotency-key");
    if (!key) return KeyFound::none;
    const bool is_visible = std::ranges::all_of(*key, [](char c) { return c > ' ' && c < '\x7f'; });
    return is_visible && !key->empty() && key->size() <= max_length ? KeyFound::valid
                                                                    : KeyFound::invalid;
}

Trace trace_of(const Request& request) {
    const auto parent = request.headers.find("traceparent");
    if (!parent) return nullptr;
    auto trace = trace_context(*parent, request.headers.joined("tracestate"));
    return trace ? std::make_shared<const TraceContext>(*std::move(trace)) : nullptr;
}

// Relative to the path of creates, so that it holds behind a proxy that puts a prefix before it.
Response found_at(const OrderId& order_id, std::string json) {
    Response response = ok(std::move(json));
    response.headers.emplace_back("Location", "orders/" + order_id.text());
    return response;
}

}  // namespace

OrderRoutes::OrderRoutes(OrderIntake& intake, OrderReads& reads, WaitDesk& waits,
                         const std::atomic<bool>& is_stopping, const OrderRouteOptions& options)
    : intake_(intake), reads_(reads), waits_(waits), is_stopping_(is_stopping), options_(options) {}

std::span<const OrderRoutes::Entry> OrderRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"POST", "/api/v1/orders", Scope::submit, &OrderRoutes::create_order},
        Entry{"GET", "/api/v1/orders", Scope::read, &OrderRoutes::list_orders},
        Entry{"POST", batch_path, Scope::submit, &OrderRoutes::create_batch},
        // These are order ids as good as any others.
        Entry{"GET", batch_path, readers_of_one, &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/orders/cancel", readers_of_one, &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/orders/retry", readers_of_one, &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/orders/{order_id}", readers_of_one, &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/report", Scope::read, &OrderRoutes::get_report},
        Entry{"GET", "/api/v1/report/history", Scope::read, &OrderRoutes::get_history},
        Entry{"GET", "/livez", Access::open(), &OrderRoutes::get_liveness},
        Entry{"GET", "/readyz", Access::open(), &OrderRoutes::get_readiness},
    };
    return entries;
}

void OrderRoutes::add_to(http::Server& server) {
    http::add_table(server, *this);
}

http::Response OrderRoutes::refused_for(Why why, http::Response response) {
    refused_.note(why);
    return response;
}

http::Response OrderRoutes::not_stored(Refusal refusal) {
    refused_.note(refusal);
    return orders::not_stored(refusal);
}

http::Response OrderRoutes::answer_to(const NewOrder& order, const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return not_stored(*refusal);
    const SubmitOutcome& outcome = std::get<std::vector<SubmitOutcome>>(result).at(0);
    refused_.note(outcome);
    if (const auto* taken = std::get_if<IdTaken>(&outcome))
        return answer_to_duplicate(order, *taken);
    if (std::holds_alternative<TooManyKinds>(outcome)) return no_room_for_kind();
    const auto& created = std::get<Created>(outcome);
    return found_at(order.spec.order_id,
                    to_json(Order{.spec = order.spec,
                                  .created_at = created.created_at,
                                  .due_at = created.due_at,
                                  .is_waiting_for_time = created.is_waiting_for_time}));
}

http::Response OrderRoutes::answer_to(const std::vector<ParsedOrder>& orders,
                                      const IntakeResult& result) {
    const auto invalid = std::ranges::count_if(orders, [](const ParsedOrder& order) {
        return std::holds_alternative<InvalidOrder>(order);
    });
    refused_.note(Why::invalid, static_cast<std::size_t>(invalid));
    if (const auto* refusal = std::get_if<Refusal>(&result)) {
        refused_.note(*refusal, orders.size() - static_cast<std::size_t>(invalid));
        return orders::not_stored(*refusal);
    }
    const auto& outcomes = std::get<std::vector<SubmitOutcome>>(result);
    for (const SubmitOutcome& outcome : outcomes) refused_.note(outcome);
    return ok(to_json(orders, outcomes));
}

http::Response OrderRoutes::answer_to_duplicate(const NewOrder& order, const IdTaken& taken) {
    const OrderId& order_id = order.spec.order_id;
    if (!taken.is_same_content) return id_taken(order_id, taken.status);
    if (!*taken.is_same_content) return other_content(order_id, taken.status);
    return reads_.answer([&](OrderReader& reader) {
        const auto standing = reader.find(order_id);
        // It may have been deleted in this moment.
        if (!standing) return id_taken(order_id, taken.status);
        return found_at(order_id, to_json_with(*standing, "duplicate"));
    });
}

void OrderRoutes::create_order(const Request& request, Reply reply) {
    if (reads_.is_damaged()) return std::move(reply).send(not_stored(Refusal::store_damaged));
    if (!is_json(request)) return std::move(reply).send(refused_for(Why::invalid, not_json()));
    const KeyFound key = idempotency_key_of(request);
    if (key == KeyFound::invalid) {
        return std::move(reply).send(refused_for(Why::invalid, invalid_idempotency_key()));
    }
    auto body = parse_order(request.body, options_.max_payload_bytes);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) {
        return std::move(reply).send(refused_for(Why::invalid, malformed(std::move(*unusable))));
    }
    auto& parsed = std::get<ParsedOrder>(body);
    if (auto* bad = std::get_if<InvalidOrder>(&parsed)) {
        return std::move(reply).send(refused_for(Why::invalid, invalid(std::move(*bad))));
    }
    std::vector<NewOrder> orders;
    orders.push_back(std::get<NewOrder>(std::move(parsed)));
    orders.front().spec.trace = trace_of(request);
    if (key == KeyFound::valid) orders.front().fingerprint = fingerprint_of(orders.front());
    intake_.submit(std::move(orders),
                   [this, reply = std::move(reply)](std::vector<NewOrder> stored,
                                                    IntakeResult result) mutable {
                       std::move(reply).send_made_by(
                           [this, order = std::move(stored.at(0)), result = std::move(result)] {
                               return answer_to(order, result);
                           });
                   });
}

void OrderRoutes::create_batch(const Request& request, Reply reply) {
    if (reads_.is_damaged()) return std::move(reply).send(not_stored(Refusal::store_damaged));
    if (!is_json(request)) return std::move(reply).send(refused_for(Why::invalid, not_json()));
    const KeyFound key = idempotency_key_of(request);
    if (key == KeyFound::invalid) {
        return std::move(reply).send(refused_for(Why::invalid, invalid_idempotency_key()));
    }
    auto body = parse_batch(request.body, options_.max_payload_bytes);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) {
        return std::move(reply).send(refused_for(Why::invalid, malformed(std::move(*unusable))));
    }
    auto parsed = std::get<std::vector<ParsedOrder>>(std::move(body));
    std::vector<NewOrder> valid;
    const Trace trace = trace_of(request);
    for (ParsedOrder& order : parsed) {
        auto* const good = std::get_if<NewOrder>(&order);
        if (good == nullptr) continue;
        good->spec.trace = trace;
        if (key == KeyFound::valid) good->fingerprint = fingerprint_of(*good);
        valid.push_back(*good);
    }
    if (valid.empty()) {
        return std::move(reply).send(answer_to(parsed, std::vector<SubmitOutcome>()));
    }

    // The answer names every order of the request, so all of them are kept, and count.
    const WorkLoad kept{.units = parsed.size() - valid.size(),
                        .bytes = parsed.size() * sizeof(ParsedOrder)};
    intake_.submit(
        std::move(valid),
        [this, reply = std::move(reply), parsed = std::move(parsed)](const std::vector<NewOrder>&,
                                                                     IntakeResult result) mutable {
            std::move(reply).send_made_by(
                [this, parsed = std::move(parsed), result = std::move(result)] {
                    return answer_to(parsed, result);
                });
        },
        kept);
}

void OrderRoutes::get_order(const Request& request, Reply reply) {
    auto wait = parse_wait(request.query);
    if (auto* errors = std::get_if<std::vector<FieldError>>(&wait)) {
        return std::move(reply).send(invalid_query(std::move(*errors)));
    }
    const auto id = OrderId::parse(request.path.substr(request.path.rfind('/') + 1));
    if (!id) return std::move(reply).send(order_not_found());
    waits_.answer(*id, std::get<std::chrono::seconds>(wait), std::move(reply));
}

void OrderRoutes::list_orders(const Request& request, Reply reply) {
    auto query = parse_query(request.query);
    if (auto* errors = std::get_if<std::vector<FieldError>>(&query)) {
        return std::move(reply).send(invalid_query(std::move(*errors)));
    }
    std::move(reply).send(reads_.answer([&](OrderReader& reader) {
        return ok(to_json(reader.list(std::get<OrderQuery>(query))));
    }));
}

void OrderRoutes::get_report(const Request&, Reply reply) {
    std::move(reply).send(
        reads_.answer([](OrderReader& reader) { return ok(to_json(reader.report())); }));
}

void OrderRoutes::get_history(const Request& request, Reply reply) {
    auto time = parse_minutes(request.query);
    if (auto* errors = std::get_if<std::vector<FieldError>>(&time)) {
        return std::move(reply).send(invalid_query(std::move(*errors)));
    }
    std::move(reply).send(reads_.answer([&](OrderReader& reader) {
        const auto minutes = std::get<std::chrono::minutes>(time);
        return ok(to_json(reader.samples(samples_for(minutes)), minutes));
    }));
}

void OrderRoutes::get_liveness(const Request&, Reply reply) {
    std::move(reply).send(ok(R"({"status":"live"})"));
}

void OrderRoutes::get_readiness(const Request&, Reply reply) {
    if (is_stopping_) return std::move(reply).send(not_ready("It is stopping."));
    if (reads_.is_damaged()) return std::move(reply).send(not_ready("The store is damaged."));
    intake_.probe([reply = std::move(reply)](bool is_writable) mutable {
        std::move(reply).send(is_writable ? ok(R"({"status":"ready"})")
                                          : not_ready("The store does not take writes now."));
    });
}

}  // namespace orders

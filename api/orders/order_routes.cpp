#include "api/orders/order_routes.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/orders/order_json.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_query.h"
#include "shared/log/log.h"
#include "shared/storage/store_error.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

using http::Reply;
using http::Request;
using http::Response;

Response ok(std::string json) {
    json += '\n';
    return {.status = 200, .headers = {}, .body = std::move(json)};
}

bool is_json(const Request& request) {
    const std::string_view content_type = request.headers.value("content-type");
    const std::string_view media_type = content_type.substr(0, content_type.find(';'));
    return ascii::equals_ignoring_case(ascii::trimmed(media_type), "application/json");
}

Response answer_to(const NewOrder& order, const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return not_stored(*refusal);
    const SubmitOutcome& outcome = std::get<std::vector<SubmitOutcome>>(result).at(0);
    const OrderId& order_id = order.spec.order_id;
    if (const auto* taken = std::get_if<IdTaken>(&outcome)) {
        return id_taken(order_id, taken->status);
    }
    const Created& created = std::get<Created>(outcome);
    Response response = ok(to_json(Order{.spec = order.spec, .created_at = created.created_at}));
    response.headers.emplace_back("Location", "/api/v1/orders/" + order_id.text());
    return response;
}

Response answer_to(const std::vector<ParsedOrder>& orders, const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return not_stored(*refusal);
    return ok(to_json(orders, std::get<std::vector<SubmitOutcome>>(result)));
}

}  // namespace

OrderRoutes::OrderRoutes(OrderIntake& intake, OrderReaders& readers,
                         const std::atomic<bool>& is_stopping)
    : intake_(intake), readers_(readers), is_stopping_(is_stopping) {}

// Reading may meet a store that is busy or broken; the log says which, since no client can help it.
template <typename Use>
Response OrderRoutes::read(Use use) {
    try {
        return readers_.with_reader(use);
    } catch (const StoreError& error) {
        if (error.kind() == StoreError::Kind::damaged) {
            note_damage(error);
            return not_readable_for_damage();
        }
        log::error("reading orders failed", {{"detail", error.what()}});
        return http::problem_for(503, "The orders cannot be read now; try again.");
    }
}

// Once is enough: whoever asks for the same order again meets the same page.
void OrderRoutes::note_damage(const StoreError& error) {
    if (is_damaged_.exchange(true)) return;
    log::error("store is damaged: no orders are taken until it is mended",
               {{"detail", error.what()}});
}

std::span<const OrderRoutes::Entry> OrderRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"POST", "/api/v1/orders", &OrderRoutes::create_order},
        Entry{"GET", "/api/v1/orders", &OrderRoutes::list_orders},
        Entry{"POST", "/api/v1/orders/batch", &OrderRoutes::create_batch},
        // "batch" is an order id as good as any other.
        Entry{"GET", "/api/v1/orders/batch", &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/orders/{order_id}", &OrderRoutes::get_order},
        Entry{"GET", "/api/v1/report", &OrderRoutes::get_report},
        Entry{"GET", "/livez", &OrderRoutes::get_liveness, true},
        Entry{"GET", "/readyz", &OrderRoutes::get_readiness, true},
    };
    return entries;
}

void OrderRoutes::add_to(http::Server& server) {
    for (const Entry& entry : table()) {
        server.add({.method = entry.method,
                    .pattern = entry.pattern,
                    .handler = [this, handler = entry.handler](
                                   const Request& request,
                                   Reply reply) { (this->*handler)(request, std::move(reply)); },
                    .is_open = entry.is_open});
    }
}

void OrderRoutes::create_order(const Request& request, Reply reply) {
    if (is_damaged_) return std::move(reply).send(not_stored(Refusal::store_damaged));
    if (!is_json(request)) return std::move(reply).send(not_json());
    auto body = parse_order(request.body);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) {
        return std::move(reply).send(malformed(std::move(*unusable)));
    }
    auto& parsed = std::get<ParsedOrder>(body);
    if (auto* bad = std::get_if<InvalidOrder>(&parsed)) {
        return std::move(reply).send(invalid(std::move(*bad)));
    }
    std::vector<NewOrder> orders;
    orders.push_back(std::get<NewOrder>(std::move(parsed)));
    intake_.submit(std::move(orders), [reply = std::move(reply)](std::vector<NewOrder> stored,
                                                                 IntakeResult result) mutable {
        std::move(reply).send_made_by(
            [order = std::move(stored.at(0)), result = std::move(result)] {
                return answer_to(order, result);
            });
    });
}

void OrderRoutes::create_batch(const Request& request, Reply reply) {
    if (is_damaged_) return std::move(reply).send(not_stored(Refusal::store_damaged));
    if (!is_json(request)) return std::move(reply).send(not_json());
    auto body = parse_batch(request.body);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) {
        return std::move(reply).send(malformed(std::move(*unusable)));
    }
    auto parsed = std::get<std::vector<ParsedOrder>>(std::move(body));
    std::vector<NewOrder> valid;
    for (const ParsedOrder& order : parsed) {
        if (const auto* good = std::get_if<NewOrder>(&order)) valid.push_back(*good);
    }
    if (valid.empty()) return std::move(reply).send(ok(to_json(parsed, {})));

    // The answer names every order of the request, so all of them are kept, and count.
    const WorkLoad kept{.units = parsed.size() - valid.size(),
                        .bytes = parsed.size() * sizeof(ParsedOrder)};
    intake_.submit(
        std::move(valid),
        [reply = std::move(reply), parsed = std::move(parsed)](const std::vector<NewOrder>&,
                                                               IntakeResult result) mutable {
            std::move(reply).send_made_by([parsed = std::move(parsed), result = std::move(result)] {
                return answer_to(parsed, result);
            });
        },
        kept);
}

void OrderRoutes::get_order(const Request& request, Reply reply) {
    const auto id = OrderId::parse(request.path.substr(request.path.rfind('/') + 1));
    if (!id) return std::move(reply).send(order_not_found());
    std::move(reply).send(read([&](OrderReader& reader) {
        const auto order = reader.find(*id);
        return order ? ok(to_json(*order)) : order_not_found();
    }));
}

void OrderRoutes::list_orders(const Request& request, Reply reply) {
    auto query = parse_query(request.query);
    if (auto* errors = std::get_if<std::vector<FieldError>>(&query)) {
        return std::move(reply).send(invalid_query(std::move(*errors)));
    }
    std::move(reply).send(read([&](OrderReader& reader) {
        return ok(to_json(reader.list(std::get<OrderQuery>(query))));
    }));
}

void OrderRoutes::get_report(const Request&, Reply reply) {
    std::move(reply).send(read([](OrderReader& reader) { return ok(to_json(reader.report())); }));
}

void OrderRoutes::get_liveness(const Request&, Reply reply) {
    std::move(reply).send(ok(R"({"status":"live"})"));
}

void OrderRoutes::get_readiness(const Request&, Reply reply) {
    if (is_stopping_) return std::move(reply).send(not_ready("It is stopping."));
    if (is_damaged_) return std::move(reply).send(not_ready("The store is damaged."));
    intake_.probe([reply = std::move(reply)](bool is_writable) mutable {
        std::move(reply).send(is_writable ? ok(R"({"status":"ready"})")
                                          : not_ready("The store does not take writes now."));
    });
}

}  // namespace orders

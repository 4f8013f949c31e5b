#include "api/orders/order_routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/http/problem.h"
#include "api/orders/order_json.h"
#include "shared/log/log.h"
#include "shared/storage/store_error.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

constexpr std::string_view orders_path = "/api/v1/orders";

HttpResponse ok(std::string body) {
    return {.status = 200, .headers = {}, .body = std::move(body)};
}

// Reading may meet a store that is busy or broken; the log tells which, the client cannot help it.
HttpHandler guarded(HttpHandler handler) {
    return [handler = std::move(handler)](const HttpRequest& request) -> HttpResult {
        try {
            return handler(request);
        } catch (const StoreError& error) {
            log::error("reading orders failed", {{"detail", error.what()}});
            return http_problem(503, "The orders cannot be read now; try again.");
        }
    };
}

bool is_json(std::string_view content_type) {
    const std::string_view media_type = content_type.substr(0, content_type.find(';'));
    return ascii::equals_ignoring_case(ascii::trimmed(media_type), "application/json");
}

HttpResponse not_json() {
    return http_problem(415,
                        "Send the body as JSON, with the header Content-Type: "
                        "application/json.");
}

HttpResponse malformed(MalformedBody body) {
    return to_response({.status = 400,
                        .slug = "malformed-body",
                        .title = "The body cannot be used",
                        .detail = std::move(body.detail),
                        .errors = std::move(body.errors)});
}

HttpResponse invalid(InvalidOrder order) {
    return to_response({.status = 400,
                        .slug = "invalid-order",
                        .title = "The order is not valid",
                        .detail = "See errors for the fields at fault.",
                        .errors = std::move(order.errors)});
}

// The service is well; its clients send more than its workers can do.
HttpResponse queue_full() {
    HttpResponse response =
        to_response({.status = 429,
                     .slug = "queue-full",
                     .title = "Too many orders are Pending",
                     .detail = "Nothing was stored; try again when some have been processed."});
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

HttpResponse not_stored(Refusal refusal) {
    const auto unavailable = [](std::string_view slug, std::string_view title,
                                std::string_view detail) {
        return to_response(
            {.status = 503, .slug = slug, .title = title, .detail = std::string(detail)});
    };
    switch (refusal) {
        case Refusal::overloaded:
            break;
        case Refusal::queue_full:
            return queue_full();
        case Refusal::disk_full:
            return unavailable("disk-full", "The disk has too little room",
                               "Nothing was stored; try again when there is room.");
        case Refusal::stopping:
            return unavailable("stopping", "The service is stopping",
                               "Nothing was stored; try again.");
        case Refusal::outcome_unknown:
            return unavailable("outcome-unknown", "The disk failed",
                               "It is not known whether this was stored. Send it again under the "
                               "same order_id: it is then stored, or answered with 409.");
    }
    return unavailable("overloaded", "The store is busy", "Nothing was stored; try again.");
}

HttpResponse id_taken(const OrderId& order_id, OrderStatus status) {
    return to_response({.status = 409,
                        .slug = "order-exists",
                        .title = "There is an order with this id",
                        .detail = "An order is accepted once; the one that stands is unchanged.",
                        .members = {{"order_id", order_id.text()},
                                    {"order_status", std::string(to_string(status))}}});
}

HttpResponse answer_to(const NewOrder& order, const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return not_stored(*refusal);
    const SubmitOutcome& outcome = std::get<std::vector<SubmitOutcome>>(result).at(0);
    if (const auto* taken = std::get_if<IdTaken>(&outcome)) {
        return id_taken(order.order_id, taken->status);
    }
    HttpResponse response = ok(to_json(Order{.order_id = order.order_id,
                                             .priority = order.priority,
                                             .processing_time = order.processing_time,
                                             .created_at = std::get<Created>(outcome).created_at,
                                             .started_at = {},
                                             .finished_at = {},
                                             .worker = {},
                                             .failure = {}}));
    response.headers.emplace_back("Location",
                                  std::string(orders_path) + "/" + order.order_id.text());
    return response;
}

HttpResponse answer_to(const std::vector<ParsedOrder>& orders, const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return not_stored(*refusal);
    return ok(to_json(orders, std::get<std::vector<SubmitOutcome>>(result)));
}

HttpResponse not_ready(std::string detail) {
    return to_response({.status = 503,
                        .slug = "not-ready",
                        .title = "The service is not ready",
                        .detail = std::move(detail)});
}

std::variant<OrderQuery, std::vector<FieldError>> parse_query(const HttpRequest& request) {
    OrderQuery query;
    std::vector<FieldError> errors;
    std::vector<std::string_view> given;
    for (const auto& [name, value] : request.query) {
        const auto require = [&, &field = name](bool holds, const char* rule) {
            if (!holds) errors.push_back({field, rule});
        };
        if (std::ranges::find(given, name) != given.end()) {
            require(false, "is given twice");
            continue;
        }
        given.emplace_back(name);
        if (name == "status") {
            query.status = parse_status(value);
            require(query.status.has_value(), "must be Pending, Processing, Processed or Failed");
        } else if (name == "priority") {
            query.priority = parse_priority(value);
            require(query.priority.has_value(), "must be High or Normal");
        } else if (name == "limit") {
            const auto limit =
                ascii::parse_whole_number<std::size_t>(value, 1, OrderQuery::max_limit);
            require(limit.has_value(), "must be a whole number from 1 to 1000");
            query.limit = limit.value_or(query.limit);
        } else if (name == "cursor") {
            const auto before = ascii::parse_whole_number<std::int64_t>(value, 1, INT64_MAX);
            require(before.has_value(), "must be a next_cursor that was given out");
            query.before = OrderSequence{before.value_or(0)};
        } else {
            require(false, "is not known; known are status, priority, limit and cursor");
        }
    }
    if (!errors.empty()) return errors;
    return query;
}

}  // namespace

OrderRoutes::OrderRoutes(OrderIntake& intake, OrderReaders& readers, const Clock& clock,
                         const std::atomic<bool>& is_stopping)
    : intake_(intake), readers_(readers), clock_(clock), is_stopping_(is_stopping) {}

void OrderRoutes::add_to(HttpServer& server) {
    const std::string orders(orders_path);
    const auto to = [this](auto handler) {
        return guarded(
            [this, handler](const HttpRequest& request) { return (this->*handler)(request); });
    };
    server.route(
        orders, {{"GET", to(&OrderRoutes::list_orders)}, {"POST", to(&OrderRoutes::create_order)}});
    // "batch" is an order id as good as any.
    server.route(orders + "/batch",
                 {{"GET", guarded([this](const HttpRequest&) { return get_order("batch"); })},
                  {"POST", to(&OrderRoutes::create_batch)}});
    server.route(orders + "/{}", {{"GET", guarded([this](const HttpRequest& request) {
                                       return get_order(request.path_parameters.at(0));
                                   })}});
    server.route("/api/v1/report",
                 {{"GET", guarded([this](const HttpRequest&) { return get_report(); })}});
    server.route("/livez",
                 {{"GET", [](const HttpRequest&) { return ok(R"({"status":"live"})"); }}});
    server.route("/readyz", {{"GET", [this](const HttpRequest&) { return get_readiness(); }}});
}

HttpResult OrderRoutes::create_order(const HttpRequest& request) {
    if (!is_json(request.content_type)) return not_json();
    auto body = parse_order(request.body);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) return malformed(std::move(*unusable));
    auto& parsed = std::get<ParsedOrder>(body);
    if (auto* bad = std::get_if<InvalidOrder>(&parsed)) return invalid(std::move(*bad));

    return HttpLater{[this, order = std::get<NewOrder>(parsed)](const HttpReply& reply) {
        intake_.submit({order}, [order, reply](IntakeResult result) {
            reply([order, result = std::move(result)] { return answer_to(order, result); });
        });
    }};
}

HttpResult OrderRoutes::create_batch(const HttpRequest& request) {
    if (!is_json(request.content_type)) return not_json();
    auto body = parse_batch(request.body);
    if (auto* unusable = std::get_if<MalformedBody>(&body)) return malformed(std::move(*unusable));
    const auto parsed = std::make_shared<const std::vector<ParsedOrder>>(
        std::get<std::vector<ParsedOrder>>(std::move(body)));
    std::vector<NewOrder> valid;
    for (const ParsedOrder& order : *parsed) {
        if (const auto* good = std::get_if<NewOrder>(&order)) valid.push_back(*good);
    }
    if (valid.empty()) return ok(to_json(*parsed, {}));

    return HttpLater{[this, parsed, valid = std::move(valid)](const HttpReply& reply) {
        const auto answer = [parsed, reply](IntakeResult result) {
            reply([parsed, result = std::move(result)] { return answer_to(*parsed, result); });
        };
        intake_.submit(valid, answer, parsed->size());
    }};
}

HttpResponse OrderRoutes::get_order(std::string_view order_id) {
    const auto id = OrderId::parse(order_id);
    const auto order =
        id ? readers_.with_reader([&](OrderReader& reader) { return reader.find(*id); })
           : std::nullopt;
    if (order) return ok(to_json(*order));
    return to_response({.status = 404,
                        .slug = "order-not-found",
                        .title = "There is no such order",
                        .detail = "No order was accepted under this id."});
}

HttpResponse OrderRoutes::list_orders(const HttpRequest& request) {
    auto query = parse_query(request);
    if (auto* errors = std::get_if<std::vector<FieldError>>(&query)) {
        return to_response({.status = 400,
                            .slug = "invalid-query",
                            .title = "The query is not valid",
                            .detail = "See errors for the parameters at fault.",
                            .errors = std::move(*errors)});
    }
    return ok(to_json(readers_.with_reader(
        [&](OrderReader& reader) { return reader.list(std::get<OrderQuery>(query)); })));
}

HttpResponse OrderRoutes::get_report() {
    const Moment now = clock_.now();
    return ok(to_json(readers_.with_reader([&](OrderReader& reader) { return reader.report(now); }),
                      now.utc));
}

HttpResult OrderRoutes::get_readiness() {
    if (is_stopping_) return not_ready("It is stopping.");
    return HttpLater{[this](const HttpReply& reply) {
        intake_.probe([reply](bool is_writable) {
            reply([is_writable] {
                return is_writable ? ok(R"({"status":"ready"})")
                                   : not_ready("The store does not take writes now.");
            });
        });
    }};
}

}  // namespace orders

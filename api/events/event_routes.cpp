#include "api/events/event_routes.h"

#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "api/events/event_filter.h"
#include "api/http/route_table.h"
#include "api/orders/order_problems.h"

namespace orders {

std::span<const EventRoutes::Entry> EventRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"GET", "/api/v1/events", http::Scope::read, &EventRoutes::listen}};
    return entries;
}

void EventRoutes::add_to(http::Server& server) {
    http::add_table(server, *this);
}

void EventRoutes::listen(const http::Request& request, http::Reply reply) {
    auto parsed = parse_event_request(request.query, request.headers.value("last-event-id"));
    if (auto* const errors = std::get_if<std::vector<FieldError>>(&parsed)) {
        return std::move(reply).send(invalid_query(std::move(*errors)));
    }
    desk_.answer(std::get<EventRequest>(std::move(parsed)), std::move(reply));
}

}  // namespace orders

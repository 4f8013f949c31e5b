#pragma once

// What routes that have something done to what is stored have in common: when they do nothing any
// more, how a body that cannot be used is refused, and how the store's outcome becomes the answer.
//
// Handlers run on the server's threads, several at a time.

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/field_error.h"
#include "api/http/message.h"
#include "api/http/reply.h"
#include "api/http/server.h"
#include "api/intake/order_acts.h"
#include "api/orders/order_body.h"
#include "api/orders/order_problems.h"
#include "api/orders/order_reads.h"

namespace orders {

// Adds the routes of Routes::table(). Once something that is stored turns out to be damaged, each
// refuses. All arguments must outlive the server's run().
template <typename Routes>
void add_actions(http::Server& server, Routes& routes, const OrderReads& reads) {
    for (const auto& entry : Routes::table()) {
        server.add({.method = entry.method,
                    .pattern = entry.pattern,
                    .access = entry.access,
                    .handler = [&routes, &reads, handler = entry.handler](
                                   const http::Request& request, http::Reply reply) {
                        if (reads.is_damaged()) {
                            return std::move(reply).send(not_done(Refusal::store_damaged));
                        }
                        (routes.*handler)(request, std::move(reply));
                    }});
    }
}

// The answer to a body that cannot be used; `invalid` makes it of what is wrong with the fields.
template <typename Parsed>
[[nodiscard]] std::optional<http::Response> refusal_of(
    ParsedBody<Parsed>& parsed, http::Response (*invalid)(std::vector<FieldError>)) {
    if (auto* const unusable = std::get_if<MalformedBody>(&parsed)) {
        return malformed(std::move(*unusable));
    }
    if (auto* const errors = std::get_if<std::vector<FieldError>>(&parsed)) {
        return invalid(std::move(*errors));
    }
    return std::nullopt;
}

// Has the action done, and answers with what `answer_to` makes of its ActionOutcome.
template <typename AnswerTo>
void act(OrderActs& acts, OrderAction action, http::Reply reply, AnswerTo answer_to) {
    acts.submit(std::move(action), [reply = std::move(reply),
                                    answer_to = std::move(answer_to)](ActionResult result) mutable {
        std::move(reply).send_made_by(
            [result = std::move(result), answer_to = std::move(answer_to)] {
                const auto* const refusal = std::get_if<Refusal>(&result);
                return refusal != nullptr ? not_done(*refusal)
                                          : answer_to(std::get<ActionOutcome>(result));
            });
    });
}

}  // namespace orders

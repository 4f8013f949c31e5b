#pragma once

// Who acts on orders and kinds, if the operator has given the client's token a name, and what the
// log says of that: one line for each action that was done. What clients without a name do is
// neither logged nor kept with the order: thousands a second may be nothing but their daily work.

#include <string>
#include <string_view>

#include "api/http/message.h"
#include "shared/log/log.h"

namespace orders {

struct Actor {
    std::string name;  // empty if it has none
    std::string request_id;
};

[[nodiscard]] inline Actor actor_of(const http::Request& request) {
    return {std::string(request.caller), std::string(request.id)};
}

// `done` is the event ("order cancelled"), `what` names the order or the kind, or says how many.
inline void log_action(std::string_view done, const log::Field& what, const Actor& actor) noexcept {
    if (actor.name.empty()) return;
    log::info(done, {what, {"token_name", actor.name}, {"request_id", actor.request_id}});
}

}  // namespace orders

#include "api/claims/claim_routes.h"

#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "api/claims/claim_writing.h"
#include "api/claims/lease_text.h"
#include "api/orders/action_answers.h"
#include "api/orders/action_parsing.h"
#include "api/orders/json_messages.h"
#include "api/orders/order_problems.h"

namespace orders {
namespace {

using http::Reply;
using http::Request;
using http::Response;
using http::Scope;
using State = LeaseOutcome::State;

// A body that may be left out needs no content type then.
bool lacks_content_type(const Request& request) {
    return !request.body.empty() && !is_json(request);
}

Response answer_for(const LeaseOutcome& outcome) {
    switch (outcome.state) {
        case State::lost:
            return lease_lost(outcome.order_status);
        case State::renewed:
            return ok(to_json_of_renewed(outcome));
        case State::settled:
        case State::already_settled:
        case State::released:
            break;
    }
    return ok(to_json_of_settled(outcome));
}

// Puts the outcomes of those that were asked for into the places that are left for them.
std::vector<LeaseResult> filled_in(std::vector<LeaseResult> results,
                                   const std::vector<std::size_t>& places,
                                   const LeaseOutcomes& outcomes) {
    for (std::size_t at = 0; at < places.size(); ++at) {
        results.at(places[at]).outcome = outcomes.at(at);
    }
    return results;
}

}  // namespace

std::span<const ClaimRoutes::Entry> ClaimRoutes::table() noexcept {
    static constexpr std::array entries{
        Entry{"POST", "/api/v1/claims", Scope::work, &ClaimRoutes::claim},
        Entry{"POST", "/api/v1/leases/{lease}/complete", Scope::work, &ClaimRoutes::complete},
        Entry{"POST", "/api/v1/leases/{lease}/fail", Scope::work, &ClaimRoutes::fail},
        Entry{"POST", "/api/v1/leases/{lease}/release", Scope::work, &ClaimRoutes::release},
        Entry{"POST", "/api/v1/leases/{lease}/renew", Scope::work, &ClaimRoutes::renew},
        Entry{"POST", lease_batch_path, Scope::work, &ClaimRoutes::act_on_batch},
    };
    return entries;
}

void ClaimRoutes::add_to(http::Server& server) {
    add_actions(server, *this, reads_);
}

void ClaimRoutes::claim(const Request& request, Reply reply) {
    if (!is_json(request)) return std::move(reply).send(not_json());
    auto parsed = parse_claim(request.body);
    if (auto refusal = refusal_of(parsed, invalid_claim)) {
        return std::move(reply).send(*std::move(refusal));
    }
    auto& body = std::get<ClaimBody>(parsed);
    desk_.claim(
        {.worker = std::move(body.worker),
         .lease_time = body.lease_time,
         .claim = {.limit = body.limit,
                   .shares = {{.kinds = std::move(body.kinds), .defaults = rules_.defaults}},
                   .normal_max_wait = rules_.normal_max_wait}},
        body.wait, std::move(reply));
}

template <typename Parsed>
void ClaimRoutes::act_on_lease(const Request& request, ParsedBody<Parsed> parsed, Reply reply) {
    if (auto refusal = refusal_of(parsed, invalid_lease_action)) {
        return std::move(reply).send(*std::move(refusal));
    }
    const auto lease = parse_lease(request.path_parameters.at(0), incarnation_);
    if (!lease) return std::move(reply).send(lease_lost(std::nullopt));
    LeaseActions actions{{{*lease, std::get<Parsed>(std::move(parsed))}}, true};
    act(acts_, std::move(actions), std::move(reply), [](const ActionOutcome& outcome) {
        return answer_for(std::get<LeaseOutcomes>(outcome).at(0));
    });
}

void ClaimRoutes::complete(const Request& request, Reply reply) {
    if (lacks_content_type(request)) return std::move(reply).send(not_json());
    act_on_lease(request, parse_completion(request.body), std::move(reply));
}

void ClaimRoutes::fail(const Request& request, Reply reply) {
    if (!is_json(request)) return std::move(reply).send(not_json());
    act_on_lease(request, parse_failure(request.body), std::move(reply));
}

void ClaimRoutes::release(const Request& request, Reply reply) {
    if (!says_nothing(request.body)) return std::move(reply).send(takes_no_body());
    act_on_lease(request, ParsedBody<ReleaseLease>(ReleaseLease{}), std::move(reply));
}

void ClaimRoutes::renew(const Request& request, Reply reply) {
    if (lacks_content_type(request)) return std::move(reply).send(not_json());
    act_on_lease(request, parse_renewal(request.body), std::move(reply));
}

void ClaimRoutes::act_on_batch(const Request& request, Reply reply) {
    if (!is_json(request)) return std::move(reply).send(not_json());
    auto parsed = parse_lease_batch(request.body);
    if (auto* unusable = std::get_if<MalformedBody>(&parsed)) {
        return std::move(reply).send(malformed(std::move(*unusable)));
    }
    LeaseActions actions;
    std::vector<LeaseResult> results;
    std::vector<std::size_t> places;  // of those that the store is asked about
    for (auto& one : std::get<std::vector<ParsedLeaseRequest>>(parsed)) {
        if (auto* invalid = std::get_if<InvalidLeaseRequest>(&one)) {
            results.push_back({std::move(invalid->lease), std::move(invalid->errors)});
            continue;
        }
        auto& [text, what] = std::get<LeaseRequest>(one);
        if (const auto lease = parse_lease(text, incarnation_)) {
            places.push_back(results.size());
            actions.actions.push_back({*lease, std::move(what)});
        }
        results.push_back({std::move(text), LeaseOutcome{}});
    }
    if (places.empty()) return std::move(reply).send(ok(to_json(results)));
    act(acts_, std::move(actions), std::move(reply),
        [results = std::move(results), places = std::move(places)](const ActionOutcome& outcome) {
            return ok(to_json(filled_in(results, places, std::get<LeaseOutcomes>(outcome))));
        });
}

}  // namespace orders

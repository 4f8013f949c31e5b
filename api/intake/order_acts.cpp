#include "api/intake/order_acts.h"

#include <algorithm>

namespace orders {
namespace {

std::size_t bytes_of_result(const LeaseAction& action) noexcept {
    const auto* const result = std::get_if<ProcessingResult>(&action.what);
    const auto* const completed = result != nullptr ? std::get_if<Completed>(result) : nullptr;
    const bool has_result = completed != nullptr && completed->result;
    return sizeof action + (has_result ? completed->result->size() : 0);
}

}  // namespace

std::size_t OrderActs::units_of(const OrderAction& action) noexcept {
    std::size_t parts = 1;
    if (const auto* const bulk = std::get_if<BulkAction>(&action)) parts = bulk->orders.size();
    if (const auto* const leases = std::get_if<LeaseActions>(&action)) {
        parts = leases->actions.size();
    }
    if (const auto* const note = std::get_if<NotePullers>(&action)) parts = note->pullers.size();
    return std::max<std::size_t>(1, parts);
}

std::size_t OrderActs::bytes_of(const OrderAction& action) noexcept {
    std::size_t bytes = 0;
    if (const auto* const bulk = std::get_if<BulkAction>(&action)) {
        bytes = bulk->orders.size() * sizeof(OrderSequence);
    }
    if (const auto* const leases = std::get_if<LeaseActions>(&action)) {
        for (const LeaseAction& one : leases->actions) bytes += bytes_of_result(one);
    }
    return bytes;
}

}  // namespace orders

#include "shared/storage/copying/copy_orders.h"

#include <array>
#include <optional>
#include <random>
#include <utility>

#include "shared/storage/copying/tally.h"
#include "shared/storage/store_error.h"

namespace orders {
namespace {

using Step = CopyProgress::Step;
using Progress = std::function<void(const CopyProgress&)>;

StoreError unusable(const std::string& operation, const std::string& detail,
                    const std::string& hint) {
    return {StoreError::Kind::unusable, StoreError::Cure::restart, operation, detail, hint};
}

std::string random_name() {
    constexpr std::array digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    std::random_device random;
    std::string name;
    while (name.size() < 32) name += digits.at(random() % digits.size());
    return name;
}

bool is(const std::optional<CopyMark>& mark, CopyState state) {
    return mark && mark->state == state;
}

// Whether the target is a copy of what the source was when it was closed.
bool is_copy_of(const std::optional<CopyMark>& target, const std::optional<CopyMark>& source) {
    return target && source && target->copy == source->copy &&
           (source->state == CopyState::moving || source->state == CopyState::moved) &&
           (target->state == CopyState::unfinished || target->state == CopyState::finished);
}

void require_source(const NamedEnd& source, const std::optional<CopyMark>& mark,
                    bool is_target_its_copy) {
    if (is(mark, CopyState::unfinished)) {
        throw unusable("copy " + source.name, "it is an unfinished copy of " + mark->other,
                       "finish it by the same order-api copy again");
    }
    if (is(mark, CopyState::moved) && !is_target_its_copy) {
        throw unusable("copy " + source.name, "its orders were moved to " + mark->other,
                       "copy them from there; or, to go on with what is here, order-api reopen "
                       "--db " +
                           source.name);
    }
}

void require_empty(const NamedEnd& target, const std::optional<CopyMark>& mark) {
    if (target.end.order_count() == 0) return;
    throw unusable(
        "copy to " + target.name,
        is(mark, CopyState::unfinished)
            ? "it is an unfinished copy of other orders, or of an earlier time: from " + mark->other
            : "there are orders in it",
        target.end.how_to_empty());
}

// Once it is closed, and the target begun. Returns how many it has copied.
std::int64_t copy_rest(CopyEnd& source, CopyEnd& target, const Progress& progress) {
    const std::int64_t all = source.order_count();
    const std::int64_t before = target.order_count();
    std::int64_t copied = 0;
    OrderSequence after = target.newest();
    for (;;) {
        const std::vector<CopiedOrder> orders = source.read(after);
        if (orders.empty()) break;
        target.add(orders);
        after = orders.back().sequence;
        copied += static_cast<std::int64_t>(orders.size());
        progress({Step::copying, before + copied, all});
    }
    target.end();
    return copied;
}

CopyResult compare(const NamedEnd& source, const NamedEnd& target, const Progress& progress) {
    const std::int64_t all = source.end.order_count();
    const auto report_as = [&](Step step) {
        return [&progress, step, all](std::int64_t done) { progress({step, done, all}); };
    };
    const Tally there = tally_of(source.end, report_as(Step::checking_source));
    const Tally here = tally_of(target.end, report_as(Step::checking_target));
    if (const auto found = difference(there, here)) {
        throw unusable("finish the copy",
                       target.name + " differs from " + source.name + ": it " + *found,
                       "verify both; then, to begin anew: " + target.end.how_to_empty());
    }
    const Verification verified = target.end.verify();
    if (verified.findings > 0) {
        throw unusable(
            "finish the copy", target.name + " is not sound: " + verified.examples.front(),
            "verify " + source.name + "; then, to begin anew: " + target.end.how_to_empty());
    }
    return {.orders = verified.orders, .checksum = here.checksum};
}

}  // namespace

CopyResult copy_orders(const NamedEnd& source, const NamedEnd& target, const Progress& progress) {
    const auto at_source = source.end.mark();
    const auto at_target = target.end.mark();
    const bool is_begun = is_copy_of(at_target, at_source);
    require_source(source, at_source, is_begun);
    if (is_begun && at_target->state == CopyState::finished) return {.was_finished = true};
    const StoreIdentity identity = source.end.identity();
    if (!is_begun) {
        if (identity.incarnation == target.end.identity().incarnation) {
            throw unusable("copy " + source.name, "it is the same store as " + target.name,
                           "name two");
        }
        require_empty(target, at_target);
        const std::string copy = is(at_source, CopyState::moving) ? at_source->copy : random_name();
        source.end.close({CopyState::moving, copy, target.name});
        target.end.begin(identity.store_id, source.end.names(),
                         {CopyState::unfinished, copy, source.name});
    }
    const std::int64_t copied = copy_rest(source.end, target.end, progress);
    CopyResult result = compare(source, target, progress);
    result.copied = copied;
    source.end.set_state(CopyState::moved);
    target.end.set_state(CopyState::finished);
    return result;
}

void reopen(const NamedEnd& source) {
    const auto mark = source.end.mark();
    if (is(mark, CopyState::moving) || is(mark, CopyState::moved)) return source.end.reopen();
    throw unusable("reopen " + source.name,
                   is(mark, CopyState::unfinished) ? "it is an unfinished copy of " + mark->other
                                                   : "it is not closed",
                   is(mark, CopyState::unfinished) ? "finish it by the same order-api copy again"
                                                   : "start the programs");
}

}  // namespace orders

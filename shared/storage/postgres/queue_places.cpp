#include "shared/storage/postgres/queue_places.h"

#include <algorithm>

#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

constexpr std::chrono::milliseconds least_between{1'000};
constexpr std::chrono::milliseconds most_between{30'000};
constexpr int share_of_time = 20;

}  // namespace

void QueuePlaces::forget_if_new(std::int64_t connection) {
    // The server may be another one now, whose numbers do not go as far.
    if (std::exchange(connection_, connection) != connection) forget();
}

void QueuePlaces::begin_claim(std::int64_t connection) {
    forget_if_new(connection);
    began_ = std::chrono::steady_clock::now();
    is_from_settled_ = began_ >= next_from_settled_;
}

std::int64_t QueuePlaces::after(std::int64_t kind, Priority priority) const {
    const auto place = places_.find({kind, priority});
    if (place == places_.end()) return before_all;
    return start_in(place->second);
}

std::int64_t QueuePlaces::start_in(const Place& place) const {
    return is_from_settled_ ? place.settled : std::max(place.settled, place.taken);
}

void QueuePlaces::take(std::int64_t kind, Priority priority, std::int64_t position) {
    std::int64_t& taken = places_[{kind, priority}].taken;
    taken = std::max(taken, position);
}

void QueuePlaces::leave(std::int64_t kind, Priority priority, std::int64_t position) {
    places_[{kind, priority}].taken = position - 1;
}

void QueuePlaces::end_claim(bool has_found_nothing) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (is_from_settled_) {
        const auto wait = (now - began_) * share_of_time;
        soonest_from_settled_ = now + std::min<SteadyTime::duration>(wait, most_between);
        next_from_settled_ = std::max(soonest_from_settled_, now + least_between);
    } else if (has_found_nothing) {
        next_from_settled_ = soonest_from_settled_;
    }
}

template <typename Get>
QueuePlaces::Parameters QueuePlaces::parameters(Get get) const {
    Parameters all;
    for (const auto& [line, place] : places_) {
        all.kinds.add(line.first);
        all.priorities.add(to_column(line.second));
        all.after.add(get(place));
    }
    return all;
}

QueuePlaces::Parameters QueuePlaces::settled(std::int64_t connection) {
    forget_if_new(connection);
    return parameters([](const Place& place) { return place.settled; });
}

QueuePlaces::Parameters QueuePlaces::taken(std::int64_t connection) {
    begin_claim(connection);
    return parameters([&](const Place& place) { return start_in(place); });
}

std::int64_t QueuePlaces::known_number() const noexcept {
    return pending_ ? pending_->number : settled_number_;
}

void QueuePlaces::note_look(std::int64_t largest_number, std::optional<std::int64_t> transaction,
                            const Rows& rows) {
    const bool is_settled =
        pending_ && !rows.empty() && rows.get<std::int64_t>(0, 0) >= pending_->transaction;
    if (pending_ && !is_settled) return;
    if (is_settled) settle(pending_->number, rows);
    pending_.reset();
    if (transaction) pending_ = {.number = largest_number, .transaction = *transaction};
}

void QueuePlaces::settle(std::int64_t number, const Rows& rows) {
    settled_number_ = number;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const Line line{rows.get<std::int64_t>(row, 1),
                        priority_from_column(rows.get<std::int64_t>(row, 3))};
        const auto first = rows.get<std::optional<std::int64_t>>(row, 4);
        std::int64_t& settled = places_[line].settled;
        settled = std::max(settled, first ? std::min(*first - 1, number) : number);
    }
}

void QueuePlaces::forget() {
    places_.clear();
    pending_.reset();
    settled_number_ = before_all;
    next_from_settled_ = {};
}

std::vector<Kind> claimable_kinds(const Rows& rows) {
    std::vector<Kind> kinds;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool is_any_there = !rows.is_null(row, 4) || !rows.is_null(row, 6);
        if (!is_any_there || !rows.get<bool>(row, 5)) continue;
        Kind kind = kind_from_column(rows.get<std::string>(row, 2));
        if (kinds.empty() || !(kinds.back() == kind)) kinds.push_back(std::move(kind));
    }
    return kinds;
}

std::vector<Kind> look_for_kinds(Session& session, QueuePlaces& places) {
    return session.read("look for work", [&](Connection& connection) {
        const auto [kinds, priorities, after] = places.settled(session.connections());
        // The settings are for the look, whatever the statistics say of the tables, and end with
        // this transaction, which ends with the trip.
        connection.send_kept(
            "SELECT last_value, CASE WHEN last_value > $1::bigint THEN pg_current_xact_id() END,"
            " set_config('enable_seqscan', 'off', true),"
            " set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true),"
            " set_config('plan_cache_mode', 'force_generic_plan', true)"
            " FROM orders.orders_seq_seq",
            places.known_number());
        connection.send_kept(PG_LOOK, kinds, priorities, after);
        const std::vector<Rows> results = connection.receive();
        places.note_look(results.at(0).get<std::int64_t>(0, 0),
                         results[0].get<std::optional<std::int64_t>>(0, 1), results.at(1));
        return claimable_kinds(results.at(1));
    });
}

}  // namespace orders::postgres

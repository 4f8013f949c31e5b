#pragma once

// From where the queue is looked at. The server keeps entries that were taken for as long as any
// transaction, of whomever, may see them, and whoever looks walks over them; so looks begin behind
// them, at one of two places of each kind and priority.
//
// Before the *settled* place there is nothing, and never will be: line 0 of the queue only grows
// behind the largest number that was ever given out, but for transactions that have taken a number
// and are not over. A look at which all are over that were under way when the number was read has
// seen all that there will be up to that number. (A transaction's own number, which tells whether
// it is over, is larger than those of all that were under way before; begin_group() sees to it that
// each has one before it takes a place in the queue.)
//
// The *taken* place is where a claim has ended. Before it there may be orders: those whose creation
// took longer than another's, or that another claimer has let go. So a claim goes on from there,
// and now and then goes back to the settled place: at least every second, unless that takes long;
// but never for more than a twentieth of the time, and at least every 30 seconds.
//
// Orders that come back to an old place are in line 1, which is always looked at as a whole. Those
// that came from another store have places below zero, before all that have come here since.
//
// Used by one thread at a time.

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/domain/order.h"
#include "shared/os/steady_time.h"
#include "shared/storage/postgres/connection.h"
#include "shared/storage/postgres/values.h"

namespace orders::postgres {

class QueuePlaces {
   public:
    static constexpr std::int64_t before_all = std::numeric_limits<std::int64_t>::min();

    // A claim begins, on the connection of this number. It looks behind after() of each line 0.
    void begin_claim(std::int64_t connection);
    [[nodiscard]] std::int64_t after(std::int64_t kind, Priority priority) const;
    // Once it is committed: it has taken, or passed, all up to this place; or it has left this
    // order as the first one.
    void take(std::int64_t kind, Priority priority, std::int64_t position);
    void leave(std::int64_t kind, Priority priority, std::int64_t position);
    void end_claim(bool has_found_nothing);

    // All places, as parameters of PG_LOOK.
    struct Parameters {
        Array kinds;
        Array priorities;
        Array after;
    };
    [[nodiscard]] Parameters settled(std::int64_t connection);
    // The same for a look that a claim may follow.
    [[nodiscard]] Parameters taken(std::int64_t connection);
    // Up to which it is settled, or about to be.
    [[nodiscard]] std::int64_t known_number() const noexcept;
    // What a look from the settled places has come to, outside of a transaction that writes; the
    // largest number was read before, and then the transaction's, if that is larger than known.
    void note_look(std::int64_t largest_number, std::optional<std::int64_t> transaction,
                   const Rows& rows);

    // After an error: what was taken may have come back.
    void forget();

   private:
    using Line = std::pair<std::int64_t, Priority>;
    struct Place {
        std::int64_t settled = before_all;
        std::int64_t taken = before_all;
    };
    struct Pending {
        std::int64_t number = 0;
        std::int64_t transaction = 0;  // only those before it may have taken a number up to that
    };
    // Where a claim begins.
    [[nodiscard]] std::int64_t start_in(const Place& place) const;
    void forget_if_new(std::int64_t connection);
    void settle(std::int64_t number, const Rows& rows);
    template <typename Get>
    [[nodiscard]] Parameters parameters(Get get) const;

    std::map<Line, Place> places_;
    std::int64_t settled_number_ = before_all;
    std::optional<Pending> pending_;
    std::int64_t connection_ = 0;
    bool is_from_settled_ = true;
    SteadyTime began_{};
    SteadyTime next_from_settled_{};
    SteadyTime soonest_from_settled_{};
};

// QueuePlaces::before_all.
#define PG_BEFORE_ALL "'-9223372036854775808'::bigint"

// A look: of each kind and priority, the first order of line 0 behind its place, and whether there
// is any in line 1. The parameters are those of QueuePlaces.
#define PG_LOOK                                                                               \
    "SELECT pg_snapshot_xmin(s.now), k.id, k.name, p.priority,"                               \
    " (SELECT q.position FROM orders.queue q WHERE q.kind = k.id AND q.priority = p.priority" \
    " AND q.line = 0 AND q.position > coalesce(r.after, " PG_BEFORE_ALL                       \
    ") ORDER BY q.position LIMIT 1),"                                                         \
    " NOT k.is_paused, (SELECT q.position FROM orders.queue q WHERE q.kind = k.id"            \
    " AND q.priority = p.priority AND q.line = 1 ORDER BY q.position LIMIT 1)"                \
    " FROM (SELECT pg_current_snapshot() AS now) AS s CROSS JOIN orders.kinds k"              \
    " CROSS JOIN (VALUES (0::smallint), (1::smallint)) AS p (priority)"                       \
    " LEFT JOIN unnest($1::smallint[], $2::smallint[], $3::bigint[])"                         \
    " AS r (kind, priority, after) ON r.kind = k.id AND r.priority = p.priority"              \
    " ORDER BY k.id, p.priority"

// By the results of PG_LOOK: the kinds of which there is something to claim.
[[nodiscard]] std::vector<Kind> claimable_kinds(const Rows& rows);

class Session;

// Looks from the settled places, and moves them on. Throws StoreError.
[[nodiscard]] std::vector<Kind> look_for_kinds(Session& session, QueuePlaces& places);

}  // namespace orders::postgres

// The store as its clients' requests see it (intake_store.h): one transaction for each group.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "shared/os/steady_time.h"
#include "shared/storage/postgres/actions.h"
#include "shared/storage/postgres/creates.h"
#include "shared/storage/postgres/kinds.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

constexpr std::chrono::milliseconds level_age{500};
// So long after it had no room for an order the store is not said to take any.
constexpr std::chrono::seconds full_for{5};

// How often a store rings for new orders: at each commit, until there are very many. A commit that
// rings waits for others that do. What is left out then is rung for by tidy().
class RingPace {
   public:
    [[nodiscard]] bool may_ring() {
        const SteadyTime now = std::chrono::steady_clock::now();
        spent_until_ = std::max(spent_until_, now - most_at_once * between);
        is_owed_ = spent_until_ + between > now;
        if (!is_owed_) spent_until_ += between;
        return !is_owed_;
    }
    [[nodiscard]] bool is_owed() const noexcept { return is_owed_; }
    void settle() noexcept { is_owed_ = false; }

   private:
    static constexpr std::chrono::milliseconds between{5};
    static constexpr int most_at_once = 20;
    SteadyTime spent_until_{};
    bool is_owed_ = false;
};

// How many orders it has changed, claimed, given back or ended.
std::size_t moved_by(const ActionOutcome& acted) {
    if (std::holds_alternative<Order>(acted)) return 1;
    if (const auto* const bulk = std::get_if<BulkDone>(&acted)) return bulk->changed;
    if (const auto* const pulled = std::get_if<Pulled>(&acted)) {
        return pulled->orders.size() + pulled->expired;
    }
    const auto* const leases = std::get_if<LeaseOutcomes>(&acted);
    if (leases == nullptr) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(*leases, [](const LeaseOutcome& lease) {
        return lease.state == LeaseOutcome::State::settled ||
               lease.state == LeaseOutcome::State::released;
    }));
}

std::size_t moved_by(const std::vector<ActionOutcome>& acted) {
    std::size_t orders = 0;
    for (const ActionOutcome& one : acted) orders += moved_by(one);
    return orders;
}

class PostgresIntakeStore final : public IntakeStore {
   public:
    explicit PostgresIntakeStore(SharedServer server)
        : server_(std::move(server)), writer_(*server_, server_->work().intake) {}

    std::unique_ptr<IntakeTurn> begin() override;

    void tidy() override {
        if (!pace_.is_owed() || !pace_.may_ring()) return;
        (void)writer_.session().read("ring for work", [](Connection& connection) {
            return connection.query("SELECT pg_notify('orders_work', '')").size();
        });
        pace_.settle();
    }
    void require_in_place() override {}

    [[nodiscard]] StoreLevel level() {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now - level_read_ >= level_age) {
            pending_ = writer_.session().read("count what is Pending", [](Connection& connection) {
                return connection
                    .query(
                        "SELECT coalesce(sum(number), 0)::bigint FROM orders.all_counts"
                        " WHERE state IN (0, 5)")
                    .get<std::int64_t>(0, 0);
            });
            level_read_ = now;
        }
        return {.pending = pending_, .free_bytes = std::nullopt};
    }

    [[nodiscard]] IntakeOutcomes commit(const IntakeGroup& group) {
        for (int attempt = 1;; ++attempt) {
            Creates creates(group);
            IntakeOutcomes outcomes = store(group, creates);
            pending_ += creates.created();
            writer_.note_orders(static_cast<std::size_t>(creates.created()) +
                                moved_by(outcomes.acted));
            if (creates.created() > 0) full_until_ = {};
            if (auto created = created_outcomes(creates)) {
                outcomes.created = *std::move(created);
                return outcomes;
            }
            // An order that stood in the way was deleted just now. What else the group asked for
            // is done; an order that it has created stands in its own way.
            if (!group.actions.empty() || creates.created() > 0 || attempt == most_attempts) {
                throw StoreError(StoreError::Kind::outcome_unknown, StoreError::Cure::time,
                                 "create orders", "an order of the same id was deleted meanwhile");
            }
        }
    }

   private:
    static constexpr int most_attempts = 5;

    [[nodiscard]] IntakeOutcomes store(const IntakeGroup& group, Creates& creates) {
        require_room(group);
        IntakeOutcomes outcomes;
        try {
            return writer_.transact(
                "store a group of requests",
                [&](Transaction& transaction) {
                    outcomes = {};
                    carry_out(transaction, group, creates, outcomes);
                    return outcomes;
                },
                [&](Transaction& transaction, std::int64_t nonce) -> std::optional<IntakeOutcomes> {
                    if (!group.actions.empty()) {
                        if (!is_marked(transaction, nonce)) return std::nullopt;
                        return outcomes;  // all were known before the commit
                    }
                    return after_lost_answer(transaction, nonce, group, creates);
                });
        } catch (const StoreError& error) {
            pulls_.forget_places();
            if (error.kind() == StoreError::Kind::full) {
                full_until_ = std::chrono::steady_clock::now() + full_for;
            }
            throw;
        }
    }

    // A probe changes a row in its place, for which a full disk has room.
    void require_room(const IntakeGroup& group) {
        if (!group.creates.empty() || !group.actions.empty()) return;
        if (std::chrono::steady_clock::now() >= full_until_) return;
        throw StoreError(StoreError::Kind::full, StoreError::Cure::time, "store an order",
                         "there was no room for the last one");
    }

    void carry_out(Transaction& transaction, const IntakeGroup& group, Creates& creates,
                   IntakeOutcomes& outcomes) {
        Kinds kinds(transaction);
        if (!group.actions.empty()) {
            // What they have done leaves no other trace that tells whether it was this group.
            transaction.send(
                "INSERT INTO orders.group_marks (nonce, at) VALUES ($1::bigint, orders.now_ms())",
                transaction.nonce());
        }
        if (group.is_probe && group.creates.empty()) {
            transaction.send(PG_PROBE);
        }
        const bool has_creates = !group.creates.empty();
        if (has_creates) creates.send(transaction, kinds, pace_.may_ring());
        const Array looked_up = ids_of(group.look_ups);
        if (!looked_up.is_empty()) transaction.send(PG_STANDING, looked_up);
        const std::vector<Rows> results =
            group.actions.empty() ? transaction.commit() : transaction.receive();
        take(results, group, creates, looked_up.is_empty(), outcomes);
        if (group.actions.empty()) return;
        Actions actions(transaction, kinds, pulls_, chance_);
        for (const OrderAction* const action : group.actions) {
            outcomes.acted.push_back(actions.carry_out(*action));
        }
        (void)transaction.commit();
    }

    // The results end with those of the creates, which may be among others of their own, and of the
    // look-ups.
    static void take(const std::vector<Rows>& results, const IntakeGroup& group, Creates& creates,
                     bool has_no_look_ups, IntakeOutcomes& outcomes) {
        std::size_t behind = results.size();
        if (!has_no_look_ups) {
            const Standing standing(results.at(--behind));
            for (const std::span<const NewOrder> orders : group.look_ups) {
                for (const NewOrder& order : orders) {
                    outcomes.standing.push_back(standing.under(order));
                }
            }
        }
        if (!group.creates.empty()) creates.take(results.at(behind - creates.results_behind()));
    }

    [[nodiscard]] static bool is_marked(Transaction& transaction, std::int64_t nonce) {
        return !transaction
                    .query("SELECT 1 FROM orders.group_marks WHERE nonce = $1::bigint", nonce)
                    .empty();
    }

    // Of a group without actions.
    [[nodiscard]] std::optional<IntakeOutcomes> after_lost_answer(Transaction& transaction,
                                                                  std::int64_t nonce,
                                                                  const IntakeGroup& group,
                                                                  Creates& creates) {
        if (!creates.find_created(transaction, nonce)) return std::nullopt;
        IntakeOutcomes outcomes;
        const Standing standing(transaction.query(PG_STANDING, ids_of(group.look_ups)));
        for (const std::span<const NewOrder> orders : group.look_ups) {
            for (const NewOrder& order : orders) {
                outcomes.standing.push_back(standing.under(order));
            }
        }
        return outcomes;
    }

    [[nodiscard]] std::optional<std::vector<SubmitOutcome>> created_outcomes(
        const Creates& creates) {
        const Array taken = creates.taken_ids();
        if (taken.is_empty()) return creates.outcomes(Rows(nullptr));
        // What else the group asked for is done.
        return writer_.insist("look up ids", [&] {
            return creates.outcomes(writer_.session().connection().query(PG_STANDING, taken));
        });
    }

    [[nodiscard]] static Array ids_of(const std::vector<std::span<const NewOrder>>& requests) {
        Array ids;
        for (const std::span<const NewOrder> orders : requests) {
            for (const NewOrder& order : orders) ids.add(order.spec.order_id.text());
        }
        return ids;
    }

    const SharedServer server_;
    Writer writer_;
    Claims pulls_;
    Chance chance_ = random_chance();
    RingPace pace_;
    std::int64_t pending_ = 0;
    SteadyTime level_read_{};
    SteadyTime full_until_{};
};

class PostgresIntakeTurn final : public IntakeTurn {
   public:
    explicit PostgresIntakeTurn(PostgresIntakeStore& store) : store_(store) {}
    StoreLevel level() override { return store_.level(); }
    IntakeOutcomes commit(const IntakeGroup& group) override { return store_.commit(group); }

   private:
    PostgresIntakeStore& store_;
};

std::unique_ptr<IntakeTurn> PostgresIntakeStore::begin() {
    // So that a group is taken only when there is a server to take it to.
    (void)writer_.session().read("reach the server", [](Connection&) { return true; });
    return std::make_unique<PostgresIntakeTurn>(*this);
}

}  // namespace

std::unique_ptr<IntakeStore> open_intake(SharedServer server) {
    return std::make_unique<PostgresIntakeStore>(std::move(server));
}

}  // namespace orders::postgres

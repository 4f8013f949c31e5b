// The store as a worker sees it (worker_store.h): one transaction for each turn. What settles,
// gives back and renews goes to the server together with what looks for work. If there is much to
// settle, the settlements are a transaction of their own beside the claim's: the server has a
// process for each connection, and neither waits for the other.

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "shared/storage/decisions/worker_texts.h"
#include "shared/storage/postgres/claims.h"
#include "shared/storage/postgres/columns.h"
#include "shared/storage/postgres/quick_claim.h"
#include "shared/storage/postgres/roles.h"
#include "shared/storage/postgres/settled_before.h"
#include "shared/storage/postgres/settlements.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {
namespace {

void send_renewals(Transaction& transaction, const WorkerTurn& turn) {
    Array orders;
    Array tokens;
    for (const Lease& lease : turn.renewals) {
        orders.add(lease.order.value);
        tokens.add(lease.token);
    }
    transaction.send(
        "UPDATE orders.leases l SET until = orders.now_ms() + $3::bigint"
        " FROM unnest($1::bigint[], $2::bigint[]) AS s (seq, token)"
        " WHERE " PG_IS_HELD " RETURNING l.seq, l.token",
        orders, tokens, turn.lease_time.count());
}

std::vector<Lease> lost_of(const std::vector<Lease>& renewals, const Rows& renewed) {
    const std::vector<Lease> still_held = leases_from(renewed);
    const std::set<Lease> held(still_held.begin(), still_held.end());
    std::vector<Lease> lost;
    std::ranges::copy_if(renewals, std::back_inserter(lost),
                         [&](const Lease& lease) { return !held.contains(lease); });
    return lost;
}

std::vector<SettleOutcome> settled_of(const Settlements& settlements, bool is_repeated,
                                      const std::vector<Rows>& results, std::size_t& next) {
    std::vector<SettleOutcome> settled = settlements.outcomes(results, next);
    if (!is_repeated) return settled;
    take_settled_before(results.at(next++), settled);
    return settled;
}

// What a transaction has claimed of which nobody knows: not begun, and so not charged.
void give_back_claims(Transaction& transaction, std::int64_t nonce) {
    const std::vector<Lease> leases = leases_from(transaction.query(
        "SELECT seq, token FROM orders.leases WHERE claimed_in = $1::bigint", nonce));
    if (!leases.empty()) send_releases(transaction, leases);
}

constexpr std::chrono::milliseconds longest_without_look{1'000};
// So many settlements take longer than a transaction costs.
constexpr std::size_t many_settlements = 16;

bool is_worth_two_transactions(const WorkerTurn& turn) {
    return turn.settlements.size() >= many_settlements && turn.claim.limit > 0 &&
           turn.releases.empty() && !turn.is_heartbeat;
}

class PostgresWorkerStore final : public WorkerStore {
   public:
    explicit PostgresWorkerStore(SharedServer server)
        : server_(std::move(server)),
          writer_(*server_, server_->work().dispatcher),
          settler_(*server_, server_->work().dispatcher) {}

    WorkerId enlist(const WorkerDescription& worker,
                    std::chrono::milliseconds lease_time) override {
        return writer_.transact(
            "sign on as a worker",
            [&](Transaction& transaction) { return enlist(transaction, worker, lease_time); },
            [&](Transaction& transaction, std::int64_t) -> std::optional<WorkerId> {
                const Rows rows = transaction.query(
                    "SELECT id FROM orders.workers WHERE name = $1::text", worker.name);
                if (rows.empty()) return std::nullopt;
                return WorkerId{rows.get<std::int64_t>(0, 0)};
            });
    }

    void retire(WorkerId worker, const std::string& figures) override {
        (void)writer_.transact(
            "sign off",
            [&](Transaction& transaction) {
                transaction.send(
                    "UPDATE orders.workers SET heartbeat_until = NULL, gone_at = orders.now_ms(), "
                    "named_up_to ="
                    " CASE named_up_to WHEN 0 THEN 0"
                    " ELSE (SELECT coalesce(max(seq), 0) FROM orders.orders) END,"
                    " metrics = coalesce(nullif($2::text, ''), metrics) WHERE id = $1::bigint",
                    worker.value, figures);
                transaction.send("SELECT orders.keep_metrics(ARRAY[$1::bigint])", worker.value);
                (void)transaction.commit();
                return true;
            },
            [](Transaction&, std::int64_t) -> std::optional<bool> { return std::nullopt; });
    }

    WorkerOutcomes take_turn(const WorkerTurn& turn) override {
        return is_worth_two_transactions(turn) ? settle_beside_claim(turn) : take_whole(turn);
    }

    bool has_claimable(const std::vector<ClaimShare>& shares) override {
        if (is_any_left_for(shares)) return true;
        last_look_ = std::chrono::steady_clock::now();
        return std::ranges::any_of(
            look_for_kinds(writer_.session(), claims_.places()),
            [&](const Kind& kind) { return taker_of(kind, shares).room > 0; });
    }

    std::int64_t cancel_count() override {
        return writer_.session().read("count cancels", [&](Connection& connection) {
            return connection
                .query(
                    "SELECT coalesce(sum(number), 0)::bigint FROM (SELECT number"
                    " FROM orders.counts WHERE kind = 0 AND priority = 0 AND state = 7"
                    " UNION ALL SELECT number FROM orders.count_changes WHERE state = 7) c")
                .get<std::int64_t>(0, 0);
        });
    }

    void tidy() override {}

   private:
    [[nodiscard]] static WorkerId enlist(Transaction& transaction, const WorkerDescription& worker,
                                         std::chrono::milliseconds lease_time) {
        // One after the other, for the sake of the label.
        transaction.send("SELECT pg_advisory_xact_lock(hashtextextended('orders.workers', 0))");
        transaction.send(
            "SELECT 1 FROM orders.workers WHERE label = $1::text"
            " AND heartbeat_until > orders.now_ms()",
            worker.label);
        const std::vector<Rows> results = transaction.receive();
        if (!worker.label.empty() && !results.at(1).empty()) {
            throw unusable("sign on as '" + worker.label + "'", "a worker that lives has this name",
                           "give each worker of a store a name of its own");
        }
        transaction.send(
            "INSERT INTO orders.workers (name, host, threads, started_at, heartbeat_until,"
            " lease_time, label, pid_namespace, pid, kinds) VALUES ($1::text, $2::text,"
            " $3::integer, orders.now_ms(), orders.now_ms() + $4::bigint, $5::bigint,"
            " nullif($6::text, ''), $7::bigint, $8::bigint, $9::text) RETURNING id",
            worker.name, worker.host, worker.threads, longest_silence(lease_time).count(),
            lease_time.count(), worker.label, worker.pid_namespace, worker.pid,
            worker.kinds ? std::optional(kinds_as_text(*worker.kinds)) : std::nullopt);
        return WorkerId{transaction.commit().at(0).get<std::int64_t>(0, 0)};
    }

    [[nodiscard]] WorkerOutcomes take_whole(const WorkerTurn& turn) {
        bool is_repeated = false;
        bool is_claim_left = false;
        try {
            WorkerOutcomes outcomes = writer_.transact(
                "take a worker's turn",
                [&](Transaction& transaction) {
                    is_claim_left = false;
                    return take_turn(transaction, turn, is_repeated, is_claim_left);
                },
                [&](Transaction& transaction, std::int64_t nonce) -> std::optional<WorkerOutcomes> {
                    give_back_claims(transaction, nonce);
                    is_repeated = true;
                    return std::nullopt;
                });
            if (is_claim_left) claim(turn, outcomes);
            writer_.note_orders(count_settled(outcomes.settled) + outcomes.released +
                                outcomes.claimed.size() + outcomes.expired);
            return outcomes;
        } catch (const StoreError&) {
            claims_.forget_places();
            throw;
        }
    }

    // The claim is made while the settlements are on their way, and stands whatever becomes of
    // them; unless nobody would learn of it.
    [[nodiscard]] WorkerOutcomes settle_beside_claim(const WorkerTurn& turn) {
        WorkerOutcomes outcomes;
        bool is_claimed = false;
        bool is_repeated = false;
        try {
            outcomes.settled = settler_.transact(
                "settle orders",
                [&](Transaction& transaction) {
                    const Settlements settlements(transaction, turn.settlements, chance_);
                    if (is_repeated) send_settled_before(transaction, turn.settlements);
                    transaction.send_commit();
                    if (!std::exchange(is_claimed, true)) claim_meanwhile(turn, outcomes);
                    std::size_t next = 0;
                    return settled_of(settlements, is_repeated, transaction.commit(), next);
                },
                [&](Transaction&, std::int64_t) -> std::optional<std::vector<SettleOutcome>> {
                    is_repeated = true;
                    return std::nullopt;
                });
        } catch (const StoreError&) {
            give_back(outcomes.claimed);
            throw;
        }
        settler_.note_orders(count_settled(outcomes.settled));
        return outcomes;
    }

    void claim_meanwhile(const WorkerTurn& turn, WorkerOutcomes& outcomes) {
        try {
            outcomes = take_whole(
                {.worker = turn.worker, .lease_time = turn.lease_time, .claim = turn.claim});
        } catch (const StoreError&) {
            outcomes.has_more = true;  // whoever asks again meets the error, if it lasts
        }
    }

    // Should this fail, too, their leases run out.
    void give_back(const std::vector<ClaimedOrder>& claimed) noexcept {
        if (claimed.empty()) return;
        WorkerTurn turn;
        for (const ClaimedOrder& order : claimed) turn.releases.push_back(order.lease);
        try {
            (void)take_whole(turn);
        } catch (const std::exception&) {
            claims_.forget_places();
        }
    }

    // By the last claim, which is told once; but now and then one has to look.
    [[nodiscard]] bool is_any_left_for(const std::vector<ClaimShare>& shares) {
        const auto kind = std::exchange(left_, std::nullopt);
        return kind && taker_of(*kind, shares).room > 0 &&
               std::chrono::steady_clock::now() < last_look_ + longest_without_look;
    }

    // What a turn did not claim. What it has done is done, whatever becomes of this.
    void claim(const WorkerTurn& turn, WorkerOutcomes& outcomes) {
        try {
            take(writer_.transact(
                     "claim orders",
                     [&](Transaction& transaction) {
                         claims_.begin(transaction, turn.claim);
                         return choose(transaction, turn, transaction.receive(), 0);
                     },
                     [](Transaction& transaction,
                        std::int64_t nonce) -> std::optional<Claims::Claimed> {
                         give_back_claims(transaction, nonce);
                         return std::nullopt;
                     }),
                 outcomes);
        } catch (const StoreError&) {
            claims_.forget_places();
            outcomes.has_more = true;  // whoever asks again meets the error, if it lasts
        }
    }

    // `is_claim_left`, if the claim has done nothing yet.
    [[nodiscard]] WorkerOutcomes take_turn(Transaction& transaction, const WorkerTurn& turn,
                                           bool is_repeated, bool& is_claim_left) {
        WorkerOutcomes outcomes;
        std::size_t next = 0;
        const Settlements settlements(transaction, turn.settlements, chance_);
        if (is_repeated) send_settled_before(transaction, turn.settlements);
        if (!turn.releases.empty()) send_releases(transaction, turn.releases);
        if (!turn.renewals.empty()) send_renewals(transaction, turn);
        if (turn.is_heartbeat) send_heartbeat(transaction, turn);
        const bool is_claim = turn.claim.limit > 0;
        const auto quick =
            is_claim ? QuickClaim::of(turn.claim, claims_.kinds()) : std::optional<QuickClaim>();
        if (quick) {
            claims_.places().begin_claim(transaction.connection());
            quick->send(transaction, claims_.places(), turn.worker, turn.lease_time);
        } else if (is_claim) {
            claims_.begin(transaction, turn.claim);
        }
        const std::vector<Rows> results =
            is_claim && !quick ? transaction.receive() : transaction.commit();
        outcomes.settled = settled_of(settlements, is_repeated, results, next);
        if (!turn.releases.empty()) outcomes.released = results.at(next++).size();
        if (!turn.renewals.empty()) outcomes.lost = lost_of(turn.renewals, results.at(next++));
        if (turn.is_heartbeat && results.at(next++).empty()) {
            throw unusable("tell that this worker lives", "it was gone for more than a day",
                           "start it again");
        }
        if (quick) {
            is_claim_left = !take(*quick, results.at(next), outcomes);
        } else if (is_claim) {
            take(choose(transaction, turn, results, next), outcomes);
        }
        return outcomes;
    }

    // Whether it has done anything.
    [[nodiscard]] bool take(const QuickClaim& claim, const Rows& rows, WorkerOutcomes& outcomes) {
        auto claimed = claim.take(rows, claims_.places());
        if (!claimed) return false;
        if (claimed->is_any_left) left_ = claim.kind();
        outcomes.claimed = std::move(claimed->orders);
        outcomes.has_more = claimed->is_cut_short;
        return true;
    }

    // The claim that was begun, whose results begin at `next`.
    [[nodiscard]] Claims::Claimed choose(Transaction& transaction, const WorkerTurn& turn,
                                         const std::vector<Rows>& results, std::size_t next) {
        Claims::Claimed chosen =
            claims_.choose(transaction, turn.claim,
                           {.worker = turn.worker, .lease_time = turn.lease_time}, results, next);
        Claims::take_payloads(chosen, transaction.commit());
        claims_.keep_places();
        return chosen;
    }
    static void take(Claims::Claimed claimed, WorkerOutcomes& outcomes) {
        outcomes.claimed = std::move(claimed.orders);
        outcomes.expired = claimed.expired;
        outcomes.has_more = claimed.has_more;
    }

    static void send_heartbeat(Transaction& transaction, const WorkerTurn& turn) {
        transaction.send(
            "UPDATE orders.workers SET heartbeat_until = orders.now_ms() + $2::bigint,"
            " endpoints = nullif($3::text, ''), metrics = coalesce(nullif($4::text, ''), metrics)"
            " WHERE id = $1::bigint RETURNING 1",
            turn.worker.value, longest_silence(turn.lease_time).count(),
            endpoints_as_text(turn.endpoints), turn.figures);
    }

    const SharedServer server_;
    Writer writer_;
    Writer settler_;  // of many settlements; connects when there are any
    Claims claims_;
    std::optional<Kind> left_;  // by the last claim
    SteadyTime last_look_{};
    Chance chance_ = random_chance();
};

}  // namespace

std::unique_ptr<WorkerStore> open_worker(SharedServer server) {
    return std::make_unique<PostgresWorkerStore>(std::move(server));
}

}  // namespace orders::postgres

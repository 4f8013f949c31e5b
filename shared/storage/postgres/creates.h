#pragma once

// Creates orders, many by one statement, and tells what stands under ids.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/storage/intake_store.h"
#include "shared/storage/postgres/kinds.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

// The orders of one group. They must outlive this.
class Creates {
   public:
    explicit Creates(const IntakeGroup& group);

    // Sends what creates them; whether to ring for work is the caller's to say. Orders of kinds
    // that are not known take a few trips before.
    void send(Transaction& transaction, Kinds& kinds, bool rings);
    // The result of that, which stands so far from the end of what send() has sent.
    void take(const Rows& rows);
    [[nodiscard]] std::size_t results_behind() const { return is_plain() ? 1 : 2; }
    // After the connection was lost: of what was created under this number, if anything was.
    [[nodiscard]] bool find_created(Transaction& transaction, std::int64_t nonce);

    [[nodiscard]] std::int64_t created() const noexcept { return created_; }
    // The ids of those that were not created, because of others that stand there.
    [[nodiscard]] Array taken_ids() const;
    // With what stands under those ids: one outcome for each order of the group. Empty if one of
    // them is gone since: then the rest is to be created once more.
    [[nodiscard]] std::optional<std::vector<SubmitOutcome>> outcomes(const Rows& standing) const;

   private:
    struct Asked {
        const NewOrder* order = nullptr;
        std::size_t first = 0;  // of the same id: itself, if that is the first
        std::optional<std::int64_t> kind = {};
        bool is_sent = false;
        std::optional<Created> created = {};
        bool is_without_kind = false;
    };
    [[nodiscard]] bool is_plain() const;
    void resolve_kinds(Transaction& transaction, Kinds& kinds);

    std::vector<Asked> asked_;
    std::int64_t created_ = 0;
};

// Of each id, what stands there: order_id, status, fingerprint.
#define PG_STANDING                                                                             \
    "SELECT o.order_id, CASE WHEN o.status = 0 AND l.seq IS NOT NULL THEN 1 ELSE o.status END," \
    " i.fingerprint FROM unnest($1::text[]) AS s (order_id)"                                    \
    " JOIN orders.orders o ON o.order_id = s.order_id"                                          \
    " LEFT JOIN orders.leases l ON l.seq = ANY (ARRAY[o.seq]) AND o.status = 0"                 \
    " LEFT JOIN orders.order_inputs i ON i.seq = o.seq"

// The results of PG_STANDING, by id.
class Standing {
   public:
    explicit Standing(const Rows& rows);
    [[nodiscard]] std::optional<IdTaken> under(const NewOrder& order) const;

   private:
    struct Known {
        OrderStatus status{};
        std::optional<std::string> fingerprint;
    };
    std::unordered_map<std::string, Known> known_;
};

}  // namespace orders::postgres

#pragma once

// Claims: which orders of the queue are handed out, in which order, and under which lease. What was
// to begin by a time that is past is not handed out, but Failed.
//
// A claim passes over what others are claiming at that moment. It looks from the places that
// queue_places.h tells of.
//
// Used by one thread at a time; keeps its places from transaction to transaction.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/storage/decisions/claim_rules.h"
#include "shared/storage/postgres/queue_places.h"
#include "shared/storage/postgres/quick_claim.h"
#include "shared/storage/postgres/transaction.h"
#include "shared/storage/worker_store.h"

namespace orders::postgres {

class Claims {
   public:
    // How many orders one claim finds to be too late, at most; then it returns what it has.
    static constexpr std::size_t most_expired = 1'000;

    struct Terms {
        WorkerId worker;
        std::chrono::milliseconds lease_time{0};
        // Whether the leases end with the orders' time at the latest, which is kept with them.
        bool end_with_timeout = false;
    };
    struct Claimed {
        std::vector<ClaimedOrder> orders;
        // Of which the payload comes with what sent() sends, by their index.
        std::vector<std::size_t> unread = {};
        std::size_t expired = 0;  // that were too late
        bool has_more = false;    // before the limit
        std::int64_t payload_bytes = 0;
    };

    // Sends what reads the beginnings of the lines.
    void begin(Transaction& transaction, const ClaimRequest& request);
    // With the results of that, which begin at `next`: reads on as far as needed, and sends what
    // claims the orders that it returns. After the transaction's next trip, take_payloads() has
    // to have the results of that, which are the last ones.
    [[nodiscard]] Claimed choose(Transaction& transaction, const ClaimRequest& request,
                                 const Terms& terms, const std::vector<Rows>& results,
                                 std::size_t next);
    static void take_payloads(Claimed& claimed, const std::vector<Rows>& results);

    // Keeps what is known now for the next claims, once the transaction is committed.
    void keep_places();
    // After an error: looks from the beginning.
    void forget_places() { places_.forget(); }
    [[nodiscard]] QueuePlaces& places() noexcept { return places_; }
    [[nodiscard]] const std::vector<KnownKind>& kinds() const noexcept { return kinds_; }

   private:
    struct Candidate {
        std::int64_t position = 0;
        std::string tid;
        OrderSequence order;
        OrderSpec spec;  // without the payload, unless that is small
        int attempts = 0;
        std::int64_t token = 0;
        UtcTime created_at;
        UtcTime queued_at;
        std::int64_t payload_bytes = 0;
    };
    // Of one kind and priority: those that entered at the end, or those that came back.
    struct Line {
        std::int64_t kind = 0;
        std::string kind_name;
        std::size_t share = 0;
        Priority priority{};
        int number = 0;
        std::int64_t after = 0;  // up to where it has been read
        std::vector<Candidate> read = {};
        std::size_t passed = 0;
        bool has_more = true;
        std::int64_t last_taken = 0;
    };
    struct KindRoom {
        std::size_t share = 0;
        std::size_t room = 0;
    };
    struct Chosen;

    void open_lines(const ClaimRequest& request);
    // Of the lines of this priority that have nothing left, and may have more.
    [[nodiscard]] bool is_short_of(Priority priority) const;
    void send_read(Transaction& transaction, bool with_normal);
    void take_read(const Rows& rows);
    void read_on(Transaction& transaction, Priority priority);
    [[nodiscard]] bool may_take(const Line& line) const;
    [[nodiscard]] Line* first_line(Transaction& transaction, Priority priority);
    [[nodiscard]] Line* next_line(Transaction& transaction, const ClaimRequest& request);
    void hand_out(const Line& line);
    [[nodiscard]] Claimed take_in_order(Transaction& transaction, const ClaimRequest& request,
                                        Chosen& chosen);

    PriorityTurns turns_;
    std::vector<KnownKind> kinds_ = {{0, "default"}};
    QueuePlaces places_;
    bool was_high_enough_ = false;

    // Of the claim that is under way.
    std::vector<Line> lines_;
    std::vector<std::size_t> asked_;  // of the lines: those that were asked for by the last read
    std::map<std::int64_t, KindRoom> room_;
    std::vector<std::size_t> share_room_;
    std::size_t portion_ = 0;
};

}  // namespace orders::postgres

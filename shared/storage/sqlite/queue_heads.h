#pragma once

// The queue as a claim sees it: across kinds, for each priority the order that is next. Each kind
// has two lines for each priority, of the orders that have the place of their arrival and of those
// that have another one, and only as much of a line is read as the claim comes to.
//
// It looks at the orders as they are when it reads them, and remembers how far it has come in each
// line, so what it has given out may be changed at once. Belongs to one claim from begin() on.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/domain/claim.h"
#include "shared/domain/order.h"
#include "shared/storage/sqlite/connection.h"

namespace orders::sqlite {

// An order in the queue, and what a claim has to know of it.
struct QueuedOrder {
    OrderSequence order;
    std::int64_t kind = 0;   // of table kinds
    std::size_t line = 0;    // in which it stood
    std::int64_t place = 0;  // smaller ones go first
    OrderSpec spec;          // without the payload, unless that is small
    int attempts = 0;
    std::int64_t token = 0;  // of the last claim
    UtcTime created_at;
    UtcTime queued_at;  // when it arrived, or became due
    std::int64_t payload_bytes = 0;
};

class QueueHeads {
   public:
    explicit QueueHeads(Connection& connection);

    // Whether there is any order that one of the shares would take now.
    [[nodiscard]] bool is_any_there(std::span<const ClaimShare> shares);

    // Which kinds have any that is not paused.
    [[nodiscard]] std::vector<Kind> claimable_kinds();

    // Begins anew with these shares, which must live as long; `wanted` is about how many orders it
    // is for.
    void begin(std::span<const ClaimShare> shares, std::size_t wanted);
    // Null if there is none, or no more. Good until the next take().
    [[nodiscard]] const QueuedOrder* next(Priority priority);
    // What next() returns, which there must be; goes on behind it.
    [[nodiscard]] QueuedOrder take(Priority priority);
    // The order, which was taken, goes to the share that takes its kind: that one, which is
    // returned, and the kind have room for one less.
    const ClaimShare& hand_out(const QueuedOrder& order);

   private:
    struct OpenKind {
        std::int64_t id = 0;
        Kind kind;
        std::size_t share = 0;  // that takes it
        std::size_t room = 0;   // for orders of this kind
    };
    // The orders of one kind and priority, and of one half of the queue, as far as they have been
    // read.
    struct Line {
        std::size_t kind = 0;  // of open_
        Priority priority{};
        Statement* read_some;
        std::vector<QueuedOrder> read = {};
        std::size_t passed = 0;       // of those
        std::int64_t last_place = 0;  // of all that were read
        bool has_more = true;
    };

    [[nodiscard]] std::vector<OpenKind> open_kinds(std::span<const ClaimShare> shares);
    // Null if nothing more of it may be taken.
    [[nodiscard]] QueuedOrder* head(Line& line);
    void read_on(Line& line);
    // The line whose head is next.
    [[nodiscard]] Line* first_line(Priority priority);

    Statement open_kinds_;
    Statement arrived_;
    Statement requeued_;
    std::span<const ClaimShare> shares_;
    std::vector<std::size_t> room_;  // of each share
    std::vector<OpenKind> open_;
    std::vector<Line> lines_;
    std::size_t portion_ = 0;
};

}  // namespace orders::sqlite

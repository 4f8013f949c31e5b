#pragma once

// One end of a copy of all orders from one store to another, of whichever backend
// (Storage::open_copy_end in open_storage.h); copying/copy_orders.h says what is done with two of
// them. While an end is open no program may begin to use its store, and none did when it was
// opened, as far as that can be told.
//
// What has happened is kept in the store, as its mark, so a copy whose process was killed at any
// moment goes on from there. Every function is a transaction: done, and on disk, or not begun. All
// throw StoreError; one that has thrown ends the copy. Belongs to one thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/storage/copied_orders.h"
#include "shared/storage/maintenance.h"
#include "shared/storage/order_reader.h"

namespace orders {

// The numbers are those in the database. In all but the last, no program opens the store.
enum class CopyState : std::int64_t {
    moving = 0,      // the source, from before anything is read
    moved = 1,       // the source, once the copy is complete
    unfinished = 2,  // the target, from before anything is written
    finished = 3,    // the target, once the copy is complete
};

struct CopyMark {
    CopyState state{};
    std::string copy;   // which one: 32 hexadecimal digits, the same at both ends
    std::string other;  // what people call the other end: never with a password
};

enum class CopyRole { source, target };

class CopyEnd {
   public:
    virtual ~CopyEnd() = default;

    [[nodiscard]] virtual std::optional<CopyMark> mark() = 0;
    [[nodiscard]] virtual StoreIdentity identity() = 0;
    // How many orders there are, and the number of the newest; 0 if there is none.
    [[nodiscard]] virtual std::int64_t order_count() = 0;
    [[nodiscard]] virtual OrderSequence newest() = 0;

    // --- As the source

    // Marks it as the source of a copy, and gives back what is in work: Pending again at its old
    // place, and not charged. Nobody could settle it: in the copy all leases are void.
    virtual void close(const CopyMark& mark) = 0;

    // --- As the target, which is empty, or closed as an unfinished copy

    // Makes it an empty, unfinished copy: the same store in another incarnation.
    virtual void begin(const std::string& store_id, const CopiedNames& names,
                       const CopyMark& mark) = 0;
    // Orders behind the newest that is there, in order of arrival.
    virtual void add(std::span<const CopiedOrder> orders) = 0;
    // All are there.
    virtual void end() = 0;

    // --- As both

    [[nodiscard]] virtual CopiedNames names() = 0;
    // The next orders in order of arrival; none if there are no more.
    [[nodiscard]] virtual std::vector<CopiedOrder> read(OrderSequence after) = 0;
    // As Storage::verify().
    [[nodiscard]] virtual Verification verify() = 0;
    // Of a store that has a mark.
    virtual void set_state(CopyState state) = 0;
    // Takes the mark away, and makes it another incarnation.
    virtual void reopen() = 0;

    // What an operator does to have an empty store there, as a hint.
    [[nodiscard]] virtual std::string how_to_empty() const = 0;
};

}  // namespace orders

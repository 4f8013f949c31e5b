#include "shared/storage/sqlite/queue_heads.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "shared/storage/decisions/claim_rules.h"
#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

// With many kinds, most of what is asked for may come from one of them, or from all alike. And what
// is asked for may be more than a claim returns, if it has large payloads.
constexpr std::size_t smallest_portion = 16;
constexpr std::size_t largest_portion = 256;

std::size_t portion_for(std::size_t wanted, std::size_t kinds) {
    if (kinds <= 1) return std::min(wanted, largest_portion);
    return std::min(wanted, std::clamp(2 * wanted / kinds, smallest_portion, largest_portion));
}

QueuedOrder queued_from_row(const Cursor& row) {
    QueuedOrder order{.order = {row.get<std::int64_t>(0)},
                      .place = row.get<std::int64_t>(6),
                      .spec = spec_from_row(row, 1),
                      .attempts = static_cast<int>(row.get<std::int64_t>(4)),
                      .token = row.get<std::int64_t>(5),
                      .created_at = time_from_column(row.get<std::int64_t>(14)),
                      .queued_at = time_from_column(row.get<std::int64_t>(7)),
                      .payload_bytes = row.get<std::int64_t>(12)};
    order.spec.start_before = time_from_column(row.get<std::optional<std::int64_t>>(8));
    order.spec.options = options_from_row(row, 9);
    if (const auto payload = row.get<std::optional<std::string>>(13)) {
        order.spec.payload = json_text(*payload);
    }
    order.spec.trace = trace_from_column(row.get<std::optional<std::string>>(15));
    return order;
}

// The heads of one half of the queue. A small payload lies on the page that is read for its length
// anyway.
#define QUEUED_ORDERS(place, index)                                                              \
    "SELECT o.seq, o.order_id, o.priority, o.processing_time, o.attempts, o.lease_token, " place \
    ", coalesce(o.due_at, o.created_at), o.start_before, i.timeout_seconds, i.max_attempts,"     \
    " i.backoff_seconds, coalesce(length(i.payload), 0),"                                        \
    " iif(length(i.payload) <= 1024, i.payload, NULL), o.created_at, i.trace"                    \
    " FROM orders o INDEXED BY " index                                                           \
    " LEFT JOIN order_inputs i ON i.seq = o.seq WHERE o.status = 0 AND "

}  // namespace

QueueHeads::QueueHeads(Connection& connection)
    : open_kinds_(connection,
                  "SELECT k.id, k.name FROM kinds k WHERE k.is_paused = 0 AND (EXISTS"
                  " (SELECT 1 FROM orders o INDEXED BY orders_queue"
                  "  WHERE o.status = 0 AND o.place IS NULL AND o.kind = k.id) OR EXISTS"
                  " (SELECT 1 FROM orders o INDEXED BY orders_requeued"
                  "  WHERE o.status = 0 AND o.place IS NOT NULL AND o.kind = k.id))"),
      arrived_(connection, QUEUED_ORDERS("o.seq << 20", "orders_queue")  //
               "o.place IS NULL AND o.kind = ?1 AND o.priority = ?2 AND o.seq > ?3 >> 20"
               " ORDER BY o.seq LIMIT ?4"),
      requeued_(connection, QUEUED_ORDERS("o.place", "orders_requeued")  //
                "o.place IS NOT NULL AND o.kind = ?1 AND o.priority = ?2 AND o.place > ?3"
                " ORDER BY o.place LIMIT ?4") {}

std::vector<QueueHeads::OpenKind> QueueHeads::open_kinds(std::span<const ClaimShare> shares) {
    std::vector<OpenKind> open;
    for (Cursor row = open_kinds_.query(); row.next();) {
        auto kind = Kind::parse(row.get<std::string>(1));
        if (!kind) throw damaged("read a kind", "its name is not valid");
        const auto [share, room] = taker_of(*kind, shares);
        if (room == 0) continue;
        open.push_back({.id = row.get<std::int64_t>(0),
                        .kind = *std::move(kind),
                        .share = share,
                        .room = room});
    }
    return open;
}

bool QueueHeads::is_any_there(std::span<const ClaimShare> shares) {
    return !open_kinds(shares).empty();
}

std::vector<Kind> QueueHeads::claimable_kinds() {
    const ClaimShare all;
    std::vector<Kind> kinds;
    for (OpenKind& open : open_kinds({&all, 1})) kinds.push_back(std::move(open.kind));
    return kinds;
}

void QueueHeads::begin(std::span<const ClaimShare> shares, std::size_t wanted) {
    shares_ = shares;
    room_.clear();
    for (const ClaimShare& share : shares) room_.push_back(share.limit);
    lines_.clear();
    open_ = open_kinds(shares);
    portion_ = portion_for(wanted, open_.size());
    for (std::size_t kind = 0; kind < open_.size(); ++kind) {
        for (const Priority priority : all_priorities) {
            for (Statement* const half : {&arrived_, &requeued_}) {
                lines_.push_back({.kind = kind, .priority = priority, .read_some = half});
            }
        }
    }
}

void QueueHeads::read_on(Line& line) {
    line.read.clear();
    line.passed = 0;
    const OpenKind& of = open_[line.kind];
    for (Cursor row =
             line.read_some->query(of.id, to_column(line.priority), line.last_place, portion_);
         row.next();) {
        line.read.push_back(queued_from_row(row));
        line.read.back().kind = of.id;
        line.read.back().spec.kind = of.kind;
    }
    line.has_more = line.read.size() == portion_;
    if (!line.read.empty()) line.last_place = line.read.back().place;
}

QueuedOrder* QueueHeads::head(Line& line) {
    const OpenKind& of = open_[line.kind];
    if (of.room == 0 || room_[of.share] == 0) return nullptr;
    if (line.passed == line.read.size() && line.has_more) read_on(line);
    return line.passed < line.read.size() ? &line.read[line.passed] : nullptr;
}

QueueHeads::Line* QueueHeads::first_line(Priority priority) {
    Line* first = nullptr;
    for (Line& line : lines_) {
        if (line.priority != priority || head(line) == nullptr) continue;
        if (first == nullptr || head(line)->place < head(*first)->place) first = &line;
    }
    return first;
}

const QueuedOrder* QueueHeads::next(Priority priority) {
    Line* const line = first_line(priority);
    return line == nullptr ? nullptr : head(*line);
}

QueuedOrder QueueHeads::take(Priority priority) {
    Line* const line = first_line(priority);
    assert(line != nullptr);
    QueuedOrder order = std::move(line->read[line->passed++]);
    order.line = static_cast<std::size_t>(line - lines_.data());
    return order;
}

const ClaimShare& QueueHeads::hand_out(const QueuedOrder& order) {
    OpenKind& of = open_[lines_[order.line].kind];
    --of.room;
    --room_[of.share];
    return shares_[of.share];
}

}  // namespace orders::sqlite

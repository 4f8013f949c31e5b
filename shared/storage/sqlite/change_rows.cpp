#include "shared/storage/sqlite/change_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "shared/storage/sqlite/columns.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

// So that a reader never has to take more than it wants.
constexpr std::size_t most_per_row = 500;

void append_number(std::string& text, std::int64_t number, char behind) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
    text += behind;
}

StoreError damaged_row() {
    return damaged("read what has changed", "a row of it is not valid");
}

// Takes an entry apart, from its beginning.
class Entry {
   public:
    explicit Entry(std::string_view& rest) : rest_(rest) {}

    std::int64_t number() {
        const std::string_view word = this->word();
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc() || end != word.data() + word.size()) throw damaged_row();
        return number;
    }
    std::string_view word() {
        const std::size_t size = rest_.find(' ');
        if (size == std::string_view::npos) throw damaged_row();
        return take(size);
    }
    std::string_view bytes(std::int64_t size) {
        if (size < 0 || static_cast<std::size_t>(size) >= rest_.size()) throw damaged_row();
        return take(static_cast<std::size_t>(size));
    }

   private:
    // With the one character behind it.
    std::string_view take(std::size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size + 1);
        return taken;
    }
    std::string_view& rest_;
};

}  // namespace

ChangeRows::ChangeRows(Connection& connection)
    : write_(connection,
             "INSERT INTO changes (last, number, at, entries)"
             " SELECT coalesce(max(last), 0) + ?1, ?1, ?2, ?3 FROM changes"),
      name_(connection, "SELECT name FROM kinds WHERE id = ?") {}

void ChangeRows::begin() noexcept {
    entries_.clear();
    number_ = 0;
    names_.clear();
}

// STATUS PRIORITY ATTEMPTS KIND ORDER_ID BYTES REASON and a line's end, where -1 bytes are no
// reason.
void ChangeRows::add(const NotedChange& change, UtcTime at) {
    append_number(entries_, to_column(static_cast<StoredStatus>(to_status(change.status))), ' ');
    append_number(entries_, to_column(change.priority), ' ');
    append_number(entries_, change.attempts, ' ');
    entries_.append(name_of(change.kind)).append(" ").append(change.order_id).append(" ");
    append_number(entries_, change.reason ? static_cast<std::int64_t>(change.reason->size()) : -1,
                  ' ');
    entries_.append(change.reason.value_or("")).append("\n");
    if (++number_ == most_per_row) write(at);
}

void ChangeRows::write(UtcTime at) {
    write_.run(number_, to_column(at), entries_);
    entries_.clear();
    number_ = 0;
}

const std::string& ChangeRows::name_of(std::int64_t kind) {
    const auto known = std::ranges::find(names_, kind, &decltype(names_)::value_type::first);
    if (known != names_.end()) return known->second;
    Cursor row = name_.query(kind);
    row.next();
    return names_.emplace_back(kind, row.get<std::string>(0)).second;
}

std::vector<Change> changes_in(std::string_view entries, std::int64_t last, std::int64_t number,
                               UtcTime at) {
    std::vector<Change> changes;
    Entry entry(entries);
    while (!entries.empty()) {
        const StoredStatus status = status_from_column(entry.number());
        const Priority priority = priority_from_column(entry.number());
        const std::int64_t attempts = entry.number();
        auto kind = Kind::parse(entry.word());
        auto order_id = OrderId::parse(entry.word());
        const std::int64_t size = entry.number();
        const std::string_view reason = entry.bytes(std::max<std::int64_t>(size, 0));
        if (!kind || !order_id || attempts < 0) throw damaged_row();
        const auto place = static_cast<std::int64_t>(changes.size());
        changes.push_back({.id = last - number + 1 + place,
                           .order_id = *std::move(order_id),
                           .kind = *std::move(kind),
                           .priority = priority,
                           .status = to_status(status),
                           .attempt = static_cast<int>(attempts),
                           .reason = size < 0 ? std::nullopt : std::optional<std::string>(reason),
                           .at = at});
    }
    if (static_cast<std::int64_t>(changes.size()) != number) throw damaged_row();
    return changes;
}

}  // namespace orders::sqlite

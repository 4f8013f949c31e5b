#include "shared/storage/sqlite/sample_table.h"

#include <optional>

#include "shared/storage/decisions/sample_columns.h"

namespace orders::sqlite {

SampleTable::SampleTable(Connection& connection)
    : find_newest_(connection, "SELECT max(number) FROM samples"),
      insert_(connection, "INSERT OR REPLACE INTO samples (" SAMPLE_COLUMNS
                          ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      delete_others_(connection, "DELETE FROM samples WHERE number > ?1 OR number <= ?1 - ?2"),
      read_(connection, "SELECT " SAMPLE_COLUMNS
                        " FROM samples WHERE number > ?1 - ?2 AND number <= ?1 ORDER BY number") {}

bool SampleTable::is_due(UtcTime now) {
    const std::int64_t number = sample_number(now);
    if (newest_ == number) return false;
    Cursor row = find_newest_.query();
    row.next();
    newest_ = row.get<std::optional<std::int64_t>>(0).value_or(0);
    return newest_ != number;
}

void SampleTable::take(const Sample& sample) {
    delete_others_.run(sample.number, kept_samples);
    insert_.run(sample.number, sample.created, sample.processed, sample.failed, sample.cancelled,
                sample.pending_high, sample.pending_normal, sample.processing,
                sample.oldest_high.count(), sample.oldest_normal.count());
}

SampleHistory SampleTable::read(UtcTime now, std::int64_t count) {
    SampleHistory history{.taken_at = now, .samples = {}};
    for (Cursor rows = read_.query(sample_number(now), count); rows.next();) {
        const auto value = [&](int column) { return rows.get<std::int64_t>(column); };
        history.samples.push_back(sample_from(value));
    }
    return history;
}

}  // namespace orders::sqlite

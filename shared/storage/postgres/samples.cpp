#include "shared/storage/postgres/samples.h"

#include "shared/storage/decisions/sample_columns.h"
#include "shared/storage/postgres/columns.h"

namespace orders::postgres {

#define PG_SAMPLE_INTERVAL "10000"
static_assert(sample_interval == std::chrono::milliseconds(10'000));

void send_sample(Connection& connection, const Sample& sample) {
    connection.send(
        "WITH others AS (DELETE FROM orders.samples"
        " WHERE number > $1::bigint OR number <= $1::bigint - $11::bigint)"
        " INSERT INTO orders.samples (" SAMPLE_COLUMNS
        ") VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint,"
        " $7::bigint, $8::bigint, $9::bigint, $10::bigint) ON CONFLICT (number) DO UPDATE"
        " SET (" SAMPLE_COLUMNS ") = ROW (excluded.*)",
        sample.number, sample.created, sample.processed, sample.failed, sample.cancelled,
        sample.pending_high, sample.pending_normal, sample.processing, sample.oldest_high.count(),
        sample.oldest_normal.count(), kept_samples);
}

SampleHistory read_samples(Connection& connection, std::int64_t count) {
    connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    connection.send("SELECT orders.now_ms()");
    connection.send("SELECT " SAMPLE_COLUMNS
                    " FROM orders.samples WHERE number > orders.now_ms() / " PG_SAMPLE_INTERVAL
                    " - $1::bigint AND number <= orders.now_ms() / " PG_SAMPLE_INTERVAL
                    " ORDER BY number",
                    count);
    connection.send("COMMIT");
    const std::vector<Rows> results = connection.receive();
    SampleHistory history{.taken_at = time_from_column(results.at(1).get<std::int64_t>(0, 0)),
                          .samples = {}};
    const Rows& rows = results.at(2);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto value = [&](int column) { return rows.get<std::int64_t>(row, column); };
        history.samples.push_back(sample_from(value));
    }
    return history;
}

}  // namespace orders::postgres

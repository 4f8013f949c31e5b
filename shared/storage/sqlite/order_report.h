#pragma once

// The report (OrderReader::report), the figures beside it, and the workers that a health check asks
// for. Reads counters and the beginnings of indexes, so it costs the same however many orders have
// ended.
//
// Used by the thread of the connection, which must outlive this, and be up to date.

#include <optional>
#include <vector>

#include "shared/storage/decisions/report_tally.h"
#include "shared/storage/order_reader.h"
#include "shared/storage/sqlite/clock.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/kinds.h"
#include "shared/storage/sqlite/signs_of_life.h"

namespace orders::sqlite {

class ReportQueries {
   public:
    explicit ReportQueries(Connection& connection);

    [[nodiscard]] OrderReport report(const Moment& now);
    // Without what the database alone does not know.
    [[nodiscard]] StoreFigures figures(const Moment& now);
    [[nodiscard]] std::vector<EnlistedWorker> enlisted_workers(const Moment& now);

   private:
    void read(const Moment& now, OrderReport& report, ReportTally& tally);
    [[nodiscard]] Figures measured();
    [[nodiscard]] std::optional<UtcTime> oldest_in_line(std::int64_t kind, Priority priority);
    [[nodiscard]] std::vector<KnownWorker> live_workers(const Moment& now);
    [[nodiscard]] LiveWorker to_report(const KnownWorker& worker, const Moment& now);
    // What they send orders to, by kind.
    [[nodiscard]] std::vector<EndpointState> endpoints_of(const std::vector<KnownWorker>& workers);

    Connection& connection_;
    Kinds kinds_;
    Statement counts_;
    Statement totals_;
    Statement metrics_;
    Statement oldest_;
    Statement next_due_;
    Statement held_;
    Statement endpoints_;
    SignsOfLife signs_;
};

}  // namespace orders::sqlite

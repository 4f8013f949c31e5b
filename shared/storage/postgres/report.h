#pragma once

// The report (OrderReader::report), for readers, and for samples, which are made of it.

#include "shared/storage/order_reader.h"
#include "shared/storage/postgres/queue_places.h"
#include "shared/storage/postgres/time_floor.h"
#include "shared/storage/postgres/transaction.h"

namespace orders::postgres {

// Where the tables of which a report reads the beginning begin: from one report to the next.
struct Beginnings {
    QueuePlaces queue;
    TimeFloor waiting;
    TimeFloor leases;
};

// Throws StoreError.
[[nodiscard]] OrderReport make_report(Session& session, Beginnings& beginnings);
// The same for the figures, but for those of the server.
[[nodiscard]] StoreFigures make_figures(Session& session, Beginnings& beginnings);

}  // namespace orders::postgres

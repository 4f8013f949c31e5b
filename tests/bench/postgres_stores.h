#pragma once

// A PostgreSQL server for one row of the table, which writes to the disk as it does where it
// matters, and stores on it.

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/postgres_server.h"

namespace orders::bench {

class PostgresStores {
   public:
    PostgresStores();
    // With these settings besides: lines of postgresql.conf.
    explicit PostgresStores(std::string_view more_settings);

    // Where a store may be; there is none in it yet.
    [[nodiscard]] std::string place_for_new();
    // With the schema.
    [[nodiscard]] std::string new_store();

   private:
    test::PostgresServer server_;
    int stores_ = 0;
};

// By SQL alone, which is quicker than any client: orders that wait for a worker, High and Normal
// alternately, and such that are Processed. No program uses the store meanwhile, or one drains it.
void add_waiting_orders(const std::string& url, std::int64_t orders);
void add_finished_orders(const std::string& url, std::int64_t orders);

}  // namespace orders::bench

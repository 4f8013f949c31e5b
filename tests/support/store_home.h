#pragma once

// Where the orders of a program of tests are kept. Each program links one of the files
// *_store_home.cpp: so the same cases hold for every backend. What depends on the backend is here,
// and what the cases may ask is in store_audit.h and order_processes.h.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

// The location of a store that nobody has opened yet. `directory` is for one that is a file.
[[nodiscard]] std::string new_store(const TempDir& directory);

// For cases about what only a store in a file is, does or promises: other programs pass over them.
//
//     TEST_CASE("starting: a program that waits for ... says so" * only_in_a_file()) {
[[nodiscard]] doctest::skip only_in_a_file();

// SIGSTOP, at a moment in which the process has no transaction under way: halted in one, it might
// hold up everybody else.
void halt_between_writes(ChildProcess& process, const std::string& location);

// A look at the store itself, by none of the project's code. Tables need not name their schema.
// NULL is the empty text.
using StoredRow = std::vector<std::string>;
[[nodiscard]] std::vector<StoredRow> stored_rows(const std::string& location,
                                                 const std::string& sql);

// The columns of StoredOrder (store_audit.h), of every order.
extern const char* const stored_orders_sql;
// Until when somebody waits for the end of an order; 0 if nobody has.
extern const char* const ends_awaited_sql;
// What must find nothing in a sound store that no process uses.
struct StoreCheck {
    const char* finding;
    const char* sql;
};
[[nodiscard]] std::vector<StoreCheck> store_checks();

// Makes a store keep its history: tests/faults/model_check.h says what that is for.
extern const char* const record_history_sql;

}  // namespace orders::test

#pragma once

// What every main() of this project does around its own work: it makes sure that there is a
// standard input, output and error (standard_descriptors.h), and turns the ways in which a program
// can end into an exit status and one line on standard error.
//
//     0   done, or stopped as asked
//     1   the environment is broken: the store cannot be used, the port is taken, the disk failed
//     2   the command line or the environment variables are wrong, the store's location included;
//         nothing was started
//     3   the store was removed, moved or replaced while the program used it

#include <functional>

#include "shared/storage/store_error.h"

namespace orders {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_bad_usage = 2;
inline constexpr int exit_store_replaced = 3;

// Logs that the store cannot be used any more, and why. The program must end, with the status that
// this returns: exit_failure or exit_store_replaced.
[[nodiscard]] int log_end_of_store(const StoreError& error) noexcept;

// Runs `program` and returns its exit status, or the one that its exception stands for. Call it
// first in main, before anything is opened.
[[nodiscard]] int run_program(const char* name, const std::function<int()>& program);

}  // namespace orders

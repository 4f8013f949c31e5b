#pragma once

// What has really been done, told by those who did it: the receiver of webhooks, the command and
// the worker that pulls, under journaled/, each write a line into a journal whenever they have done
// an order's work, and only then say so. A line is one write() to a file opened for appending:
// whoever dies, it is there in full, or not at all.

#include <cstdint>
#include <string>
#include <vector>

#include "tests/faults/order_clients.h"
#include "tests/support/store_audit.h"

namespace orders::test {

// One attempt, by what came with it, and what was about to be said of it.
struct WorkDone {
    std::string order_id;
    int attempt = 0;
    std::int64_t token = 0;
    std::string outcome;  // done, refused (for good) or again (to be tried again)
};
using WorkJournal = std::vector<WorkDone>;

// The oldest first; empty if there is no file. Lines are `ID ATTEMPT TOKEN OUTCOME`.
[[nodiscard]] WorkJournal read_journal(const std::string& file);

// Whether the journal bears out what the store says of all orders of the kind. It needs a store
// that keeps its history (model_check.h) and that no process uses any more.
//
//   - What is Processed was done, and what is Failed was refused, in the very attempt whose token
//     the order ended with. (At its deadline an order may fail with nothing done.)
//   - Every attempt in the journal is a claim in the store's history, with the same token.
//   - No attempt came with a token that is smaller than an earlier attempt's. (When a client has an
//     order retried, its attempts begin anew.)
[[nodiscard]] Findings unearned_ends(const std::string& database, const std::string& kind,
                                     const WorkJournal& journal, const ClientLog& clients);

}  // namespace orders::test

#pragma once

// What an attempt has come to, by how its command ended:
//
//     0                     Completed, with the standard output as the result
//     75, 111, 137, 143     Retry, `exit_75`; --command-retry-exits names others
//     killed by a signal    Retry, `died_signal_9`: to die is no result
//     126, 127, not begun   Retry, `exit_126`, `not_begun`: nothing is wrong with the order, but
//     with
//                           the command, and its operator has to mend it
//     anything else         Failure, `exit_1`
//
// The detail of all but the first is the end of the standard error. Pure functions, for any thread.

#include <set>

#include "shared/domain/claim.h"
#include "worker/processors/command/captured_output.h"
#include "worker/processors/command/command_process.h"

namespace orders {

struct CommandOutcome {
    ProcessingResult result;
    // The command itself is at fault, whatever the order is.
    bool is_operators_error = false;
};

// Exit statuses after which an order is tried again.
using RetryExits = std::set<int>;
[[nodiscard]] inline RetryExits default_retry_exits() {
    return {75, 111, 137, 143};
}

[[nodiscard]] CommandOutcome outcome_of(const ProcessEnd& end, const RetryExits& retry_exits,
                                        const OutputBeginning& output, const OutputEnd& error);

[[nodiscard]] CommandOutcome outcome_of_not_begun(const std::string& why);

}  // namespace orders

#include "worker/processors/command/command_outcome.h"

#include <string>

namespace orders {
namespace {

// Of shells and env(1): the program cannot be executed, or is not there.
constexpr int cannot_execute = 126;
constexpr int not_found = 127;

}  // namespace

CommandOutcome outcome_of(const ProcessEnd& end, const RetryExits& retry_exits,
                          const OutputBeginning& output, const OutputEnd& error) {
    const std::string number = std::to_string(end.number);
    if (end.is_by_signal) return {Retry{"died_signal_" + number, error.as_detail()}};
    if (end.number == 0) return {Completed{output.as_result()}};
    if (end.number == cannot_execute || end.number == not_found) {
        return {Retry{"exit_" + number, error.as_detail()}, true};
    }
    if (retry_exits.contains(end.number)) return {Retry{"exit_" + number, error.as_detail()}};
    return {Failure{"exit_" + number, error.as_detail()}};
}

CommandOutcome outcome_of_not_begun(const std::string& why) {
    return {Retry{"not_begun", why}, true};
}

}  // namespace orders

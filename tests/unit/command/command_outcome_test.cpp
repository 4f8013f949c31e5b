#include "worker/processors/command/command_outcome.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

namespace orders::test {
namespace {

CommandOutcome outcome_of(const ProcessEnd& end, const RetryExits& exits = default_retry_exits()) {
    OutputBeginning output;
    OutputEnd error;
    output.add("{\"sent\":true}");
    error.add("no route\n");
    return orders::outcome_of(end, exits, output, error);
}

CommandOutcome outcome_of_exit(int status, const RetryExits& exits = default_retry_exits()) {
    return outcome_of({.is_by_signal = false, .number = status}, exits);
}

}  // namespace

TEST_CASE("command_outcome: 0 is done, with the output as the result") {
    CHECK(outcome_of_exit(0).result == ProcessingResult(Completed{json_text("{\"sent\":true}")}));
    CHECK_FALSE(outcome_of_exit(0).is_operators_error);
}

TEST_CASE("command_outcome: some statuses ask for another attempt, and the operator says which") {
    for (const int status : {75, 111, 137, 143}) {
        CAPTURE(status);
        const std::string reason = "exit_" + std::to_string(status);
        CHECK(outcome_of_exit(status).result == ProcessingResult(Retry{reason, "no route"}));
        CHECK_FALSE(outcome_of_exit(status).is_operators_error);
        CHECK(outcome_of_exit(status, {1}).result == ProcessingResult(Failure{reason, "no route"}));
    }
    CHECK(outcome_of_exit(1, {1}).result == ProcessingResult(Retry{"exit_1", "no route"}));
}

TEST_CASE("command_outcome: any other status is a failure for good") {
    for (const int status : {1, 2, 64, 100, 125, 128, 255}) {
        CAPTURE(status);
        CHECK(outcome_of_exit(status).result ==
              ProcessingResult(Failure{"exit_" + std::to_string(status), "no route"}));
    }
}

TEST_CASE("command_outcome: to be killed is no result") {
    for (const int number : {SIGKILL, SIGSEGV, SIGTERM, SIGRTMAX}) {
        CAPTURE(number);
        const CommandOutcome outcome = outcome_of({.is_by_signal = true, .number = number});
        CHECK(outcome.result ==
              ProcessingResult(Retry{"died_signal_" + std::to_string(number), "no route"}));
        CHECK_FALSE(outcome.is_operators_error);
    }
}

TEST_CASE("command_outcome: a command that cannot be run is its operator's error") {
    for (const int status : {126, 127}) {
        CAPTURE(status);
        CHECK(outcome_of_exit(status).result ==
              ProcessingResult(Retry{"exit_" + std::to_string(status), "no route"}));
        CHECK(outcome_of_exit(status).is_operators_error);
    }
    CHECK(outcome_of_not_begun("execve /x: gone").result ==
          ProcessingResult(Retry{"not_begun", "execve /x: gone"}));
    CHECK(outcome_of_not_begun("").is_operators_error);
}

}  // namespace orders::test

#pragma once

// What those that submitted something were told, as a word or two, and when.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "api/intake/refusal.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_store.h"

namespace orders::test {

using Answer = std::future<std::string>;
using Ids = std::vector<std::string>;
using Counts = std::map<std::string, int>;

// The max_wait of tests in which no time may run out: "overloaded" then came at once.
inline constexpr std::chrono::milliseconds no_limit = std::chrono::minutes(10);
// The max_wait of tests in which it should.
inline constexpr std::chrono::milliseconds short_wait{20};

[[nodiscard]] inline std::string told(Refusal refusal) {
    switch (refusal) {
        case Refusal::overloaded:
            return "overloaded";
        case Refusal::queue_full:
            return "queue_full";
        case Refusal::disk_full:
            return "disk_full";
        case Refusal::store_damaged:
            return "store_damaged";
        case Refusal::stopping:
            return "stopping";
        case Refusal::outcome_unknown:
            return "outcome_unknown";
    }
    return "nothing";
}

[[nodiscard]] inline bool is_answered(const Answer& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

[[nodiscard]] inline Counts count_told(std::vector<Answer>& answers) {
    Counts counts;
    for (Answer& answer : answers) ++counts[answer.get()];
    return counts;
}

// Submits again and again while it is refused for lack of time or room; returns what it is told
// then.
template <typename Submit>
[[nodiscard]] std::string submit_until_taken(Submit submit) {
    return eventually(
        patience, [&] { return submit().get(); },
        [](const std::string& answer) { return answer != "overloaded"; });
}

// Returns when the writer is held at the step by what `submit` submits: however short the time of
// that is, one of the attempts will be taken in time.
template <typename Submit>
[[nodiscard]] Answer submit_until_held(StoreScript& script, StoreStep step, Submit submit) {
    script.hold(step);
    Answer answer;
    eventually(patience, [&] {
        if (!answer.valid() || is_answered(answer)) answer = submit();
        return script.is_anybody_held(step);
    });
    return answer;
}

}  // namespace orders::test

#pragma once

// An OrderIntake with a doorbell on a scripted store, or on any other, and the ways in which tests
// submit to it: to wait for the answer, or to have it later.
//
// Belongs to the test's main thread, except for submit() and submit_meanwhile().

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/intake/order_intake.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/scripted_store.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

using Answer = std::future<IntakeResult>;

// As max_wait, for tests in which nobody's time is to run out: "overloaded" then came at once.
inline constexpr std::chrono::milliseconds no_limit = std::chrono::minutes(10);
// For tests in which it is.
inline constexpr std::chrono::milliseconds short_wait{20};

// What a client was told: "created", "taken", several of them with a space between, or the refusal.
[[nodiscard]] inline std::string told(const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) {
        switch (*refusal) {
            case Refusal::overloaded:
                return "overloaded";
            case Refusal::queue_full:
                return "queue_full";
            case Refusal::disk_full:
                return "disk_full";
            case Refusal::stopping:
                return "stopping";
            case Refusal::outcome_unknown:
                return "outcome_unknown";
        }
    }
    std::string text;
    for (const SubmitOutcome& outcome : std::get<std::vector<SubmitOutcome>>(result)) {
        if (!text.empty()) text += ' ';
        text += std::holds_alternative<Created>(outcome) ? "created" : "taken";
    }
    return text;
}

[[nodiscard]] inline std::map<std::string, int> count_told(std::vector<Answer>& answers) {
    std::map<std::string, int> counts;
    for (Answer& answer : answers) ++counts[told(answer.get())];
    return counts;
}

[[nodiscard]] inline bool is_answered(const Answer& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

class IntakeUnderTest {
   public:
    explicit IntakeUnderTest(IntakeLimits limits, std::unique_ptr<OrderStore> store = nullptr)
        : intake_(store ? std::move(store) : std::make_unique<ScriptedStore>(script), bell_, clock,
                  limits, [this] { ++fatal_calls; }) {}

    [[nodiscard]] Answer submit_meanwhile(std::vector<NewOrder> orders, std::size_t weight = 1) {
        const auto answer = std::make_shared<std::promise<IntakeResult>>();
        intake_.submit(
            std::move(orders),
            [answer](IntakeResult result) { answer->set_value(std::move(result)); }, weight);
        return answer->get_future();
    }

    std::string submit(const std::vector<NewOrder>& orders) {
        return told(submit_meanwhile(orders).get());
    }
    std::string submit(const std::string& id) { return submit({an_order(id)}); }

    // Again and again while it is refused for want of time.
    std::string submit_until_taken(const std::string& id) {
        return eventually(
            patience, [&] { return submit(id); },
            [](const std::string& answer) { return answer != "overloaded"; });
    }

    [[nodiscard]] bool is_writable() {
        const auto answer = std::make_shared<std::promise<bool>>();
        intake_.probe([answer](bool is_writable) { answer->set_value(is_writable); });
        return answer->get_future().get();
    }

    // Returns when the writer is held at the step, on account of this order: however short the time
    // of an order is, one of these will be taken within it.
    [[nodiscard]] Answer submit_until_held(const std::string& id, StoreStep step) {
        Answer answer;
        eventually(patience, [&] {
            if (!answer.valid() || is_answered(answer)) answer = submit_meanwhile({an_order(id)});
            return script.is_anybody_held(step);
        });
        return answer;
    }

    // The writer must be held, so that all of them wait.
    [[nodiscard]] std::vector<Answer> submit_waiting(std::vector<std::vector<NewOrder>> requests) {
        std::vector<Answer> answers;
        for (auto& orders : requests) answers.push_back(submit_meanwhile(std::move(orders)));
        REQUIRE(std::ranges::none_of(answers, is_answered));
        return answers;
    }

    // Since the last call.
    [[nodiscard]] bool has_bell_rung() {
        pollfd source{watch_.fd(), POLLIN, 0};
        const bool has_rung = ::poll(&source, 1, 0) == 1;
        watch_.clear();
        return has_rung;
    }

    StoreScript script;
    ManualClock clock;
    std::atomic<int> fatal_calls = 0;

   private:
    TempDir directory_;
    Doorbell bell_{directory_.file("bell")};
    DoorbellWatch watch_{directory_.file("bell")};
    OrderIntake intake_;  // last: its thread uses the above
};

}  // namespace orders::test

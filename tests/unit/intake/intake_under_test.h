#pragma once

// An OrderIntake on a scripted store, and the ways in which tests submit to it: to wait for the
// answer, or to have it later.
//
// Belongs to the test's main thread, except for submit() and submit_meanwhile().

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/intake/order_intake.h"
#include "tests/support/order_builder.h"
#include "tests/support/scripted_store.h"
#include "tests/unit/intake/answers.h"

namespace orders::test {

// "created", "taken", several of them with a space between, or the refusal.
[[nodiscard]] inline std::string told(const IntakeResult& result) {
    if (const auto* refusal = std::get_if<Refusal>(&result)) return told(*refusal);
    std::string text;
    for (const SubmitOutcome& outcome : std::get<std::vector<SubmitOutcome>>(result)) {
        if (!text.empty()) text += ' ';
        text += std::holds_alternative<Created>(outcome) ? "created" : "taken";
    }
    return text;
}

class IntakeUnderTest {
   public:
    explicit IntakeUnderTest(const GroupLimits& limits, const AdmissionLimits& admission = {})
        : admission_(admission),
          commits_(std::make_unique<ScriptedStore>(script), limits,
                   [this](const StoreError&) { ++fatal_calls; }) {}

    [[nodiscard]] Answer submit_meanwhile(std::vector<NewOrder> orders, WorkLoad besides = {}) {
        std::promise<std::string> promise;
        Answer answer = promise.get_future();
        intake.submit(
            std::move(orders),
            [promise = std::move(promise)](const std::vector<NewOrder>&,
                                           const IntakeResult& result) mutable {
                promise.set_value(told(result));
            },
            besides);
        return answer;
    }
    std::string submit(std::vector<NewOrder> orders) {
        return submit_meanwhile(std::move(orders)).get();
    }
    std::string submit(const std::string& id) { return submit({an_order(id)}); }

    [[nodiscard]] bool is_writable() {
        std::promise<bool> promise;
        std::future<bool> answer = promise.get_future();
        intake.probe([promise = std::move(promise)](bool is_writable) mutable {
            promise.set_value(is_writable);
        });
        return answer.get();
    }

    [[nodiscard]] Answer submit_until_held(const std::string& id, StoreStep step) {
        return test::submit_until_held(script, step,
                                       [&] { return submit_meanwhile({an_order(id)}); });
    }
    // The writer must be held, so that all of them wait.
    [[nodiscard]] std::vector<Answer> submit_waiting(std::vector<std::vector<NewOrder>> requests) {
        std::vector<Answer> answers;
        for (auto& orders : requests) answers.push_back(submit_meanwhile(std::move(orders)));
        REQUIRE(std::ranges::none_of(answers, is_answered));
        return answers;
    }

    StoreScript script;
    std::atomic<int> fatal_calls = 0;

   private:
    OrderAdmission admission_;
    GroupCommit commits_;  // behind what its threads use

   public:
    OrderIntake intake{commits_, admission_};
};

}  // namespace orders::test

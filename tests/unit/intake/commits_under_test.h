#pragma once

// A GroupCommit on a scripted store, and work for it that is about nothing: it has a name and a
// load, and remembers which others were in its group. What it is told is "finished" or the refusal.
//
// Belongs to the test's main thread, except for submit().

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/intake/group_commit.h"
#include "tests/support/scripted_store.h"
#include "tests/unit/intake/answers.h"

namespace orders::test {

struct NamedWork {
    std::string name;
    WorkLoad load = {.units = 1, .bytes = 1};
    // What it decides when it is to join a group.
    std::optional<Refusal> decision = {};
    // Called when it is told, on the writer's thread.
    std::function<void()> when_told = [] {};
};

class CommitsUnderTest {
   public:
    explicit CommitsUnderTest(const GroupLimits& limits)
        : commits_(std::make_unique<GroupCommit>(std::make_unique<ScriptedStore>(script), limits,
                                                 [this](const StoreError&) { ++fatal_calls; })) {}

    [[nodiscard]] Answer submit(NamedWork work) {
        std::promise<std::string> promise;
        Answer answer = promise.get_future();
        commits_->submit(std::make_unique<Work>(*this, std::move(work), std::move(promise)));
        return answer;
    }
    [[nodiscard]] std::string told(NamedWork work) { return submit(std::move(work)).get(); }
    [[nodiscard]] std::string told_in_the_end(const NamedWork& work) {
        return submit_until_taken([&] { return submit(work); });
    }
    [[nodiscard]] Answer submit_until_held(const std::string& name, StoreStep step) {
        return submit_until_held(NamedWork{name}, step);
    }
    [[nodiscard]] Answer submit_until_held(const NamedWork& work, StoreStep step) {
        return test::submit_until_held(script, step, [&] { return submit(work); });
    }
    // The writer must be held, so that all of it waits.
    [[nodiscard]] std::vector<Answer> submit_waiting(std::vector<NamedWork> works) {
        std::vector<Answer> answers;
        for (NamedWork& work : works) answers.push_back(submit(std::move(work)));
        REQUIRE(std::ranges::none_of(answers, is_answered));
        return answers;
    }

    [[nodiscard]] std::optional<bool> is_known_writable() const {
        return commits_->is_known_writable();
    }
    void destroy() { commits_.reset(); }

    // The names of what joined each group, without those that decided not to.
    [[nodiscard]] std::vector<Ids> groups() {
        const std::lock_guard lock(mutex_);
        std::vector<Ids> groups;
        for (const auto& [turn, names] : joined_) groups.push_back(names);
        return groups;
    }

    StoreScript script;
    std::atomic<int> fatal_calls = 0;
    std::atomic<int> told_while_turn_was_open = 0;
    std::atomic<int> works_alive = 0;

   private:
    class Work final : public GroupWork {
       public:
        Work(CommitsUnderTest& test, NamedWork work, std::promise<std::string> promise)
            : test_(test), work_(std::move(work)), promise_(std::move(promise)) {
            ++test_.works_alive;
        }
        ~Work() override { --test_.works_alive; }
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;

        WorkLoad load() const noexcept override { return work_.load; }
        std::optional<Refusal> join(GroupDraft& draft) override {
            if (work_.decision) return work_.decision;
            draft.probe();
            const std::lock_guard lock(test_.mutex_);
            test_.joined_[test_.script.calls(StoreStep::begin)].push_back(work_.name);
            return std::nullopt;
        }
        void finish(const IntakeOutcomes&) noexcept override { tell("finished"); }
        void refuse(Refusal refusal) noexcept override { tell(test::told(refusal)); }

       private:
        // Throws, and so ends the test, if it is told twice.
        void tell(const std::string& what) {
            if (test_.script.is_turn_open()) ++test_.told_while_turn_was_open;
            work_.when_told();
            promise_.set_value(what);
        }

        CommitsUnderTest& test_;
        const NamedWork work_;
        std::promise<std::string> promise_;
    };

    std::mutex mutex_;
    std::map<int, Ids> joined_;  // by turn; guarded by mutex_

    std::unique_ptr<GroupCommit> commits_;  // last: its threads use the above
};

}  // namespace orders::test

// Having the store know that somebody waits.

#include "api/intake/awaiting.h"

#include <doctest/doctest.h>

#include "shared/os/poll_until.h"
#include "tests/support/scripted_store.h"

namespace orders::test {

using namespace std::chrono_literals;

TEST_CASE("awaiting: while the store has not answered there is nothing to do, and then there is") {
    StoreScript script;
    script.on_action([](const OrderAction&) -> ActionOutcome { return Done{}; });
    GroupCommit commits{
        std::make_unique<ScriptedStore>(script), {.max_wait = patience}, [](const StoreError&) {}};
    OrderActs acts{commits};
    Awaiting awaiting(acts, AwaitChanges{1s}, {.again = 1s, .after_refusal = 1s});
    const SteadyTime now{1h};

    script.hold(StoreStep::commit);
    CHECK_FALSE(awaiting.step(now, true));
    CHECK(awaiting.next_step() == SteadyTime::max());
    CHECK_FALSE(awaiting.step(now + 1h, true));
    CHECK(awaiting.next_step() == SteadyTime::max());

    script.release(StoreStep::commit);
    std::array watched{pollfd{awaiting.changed().fd(), POLLIN, 0}};
    poll_until(watched, std::chrono::steady_clock::now() + patience);
    REQUIRE(is_readable(watched[0]));
    CHECK(awaiting.next_step() == now + 1s);
    CHECK(awaiting.step(now, true));
}

}  // namespace orders::test

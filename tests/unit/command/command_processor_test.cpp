#include "worker/processors/command/command_processor.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <string>
#include <variant>

#include "tests/support/scripts.h"
#include "tests/unit/command/command_user.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

const std::optional<ProcessingResult> given_up;

// Of all its kinds, and of the first.
std::pair<std::size_t, std::size_t> limits(const ClaimShare& share) {
    return {share.limit, share.kinds.at(0).orders};
}

bool has_unreaped_child() {
    siginfo_t child{};
    return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid != 0;
}

}  // namespace

TEST_CASE("command_processor: the payload is its input, and what it prints the result") {
    const Scripts scripts;
    CommandUser user(scripts.script("echo", "cat; [ \"$ORDER_ID\" = a ]"));
    CHECK(user.run("a", "{\"n\": [1e999, 2]}") == completed("{\"n\": [1e999, 2]}"));
    CHECK(user.run("b", "1") == std::optional<ProcessingResult>(Failure{"exit_1"}));
}

TEST_CASE("command_processor: an order without a payload has an empty input") {
    const Scripts scripts;
    CommandUser user(scripts.script("count", "wc -c"));
    CHECK(user.run("a") == completed("0"));
}

TEST_CASE("command_processor: each kind has its own program") {
    const Scripts scripts;
    CommandUser user(CommandOptions{{{a_kind("mail"), scripts.script("one", "echo 1")},
                                     {a_kind("sms"), scripts.script("two", "echo 2")}}});
    user.start(an_order("a").of_kind("sms"));
    user.start(an_order("b").of_kind("mail"));
    CHECK(user.result("a") == completed("2"));
    CHECK(user.result("b") == completed("1"));
}

TEST_CASE("command_processor: a failure says what the command has said last") {
    const Scripts scripts;
    CommandUser user(scripts.script("fail", "echo first >&2; echo last words >&2; exit 3"));
    CHECK(user.run("a") == std::optional<ProcessingResult>(Failure{"exit_3", "first\nlast words"}));
}

TEST_CASE("command_processor: it takes so many orders at once, and names its kinds always") {
    const Scripts scripts;
    CommandUser user(
        CommandOptions{.programs = {{a_kind("mail"), scripts.script("wait", "exec sleep 1000")}},
                       .most_at_once = 2});
    CHECK(limits(user.free()) == std::pair<std::size_t, std::size_t>{2, 2});
    CHECK(user.free().kinds.at(0).kind == a_kind("mail"));
    CHECK(user.free().defaults.timeout == 300s);
    CHECK(user.free().defaults.max_attempts == 5);
    user.start(an_order("a").of_kind("mail"));
    CHECK(limits(user.free()) == std::pair<std::size_t, std::size_t>{1, 1});
    user.start(an_order("b").of_kind("mail"));
    CHECK(limits(user.free()) == std::pair<std::size_t, std::size_t>{0, 0});
    user.stop("a");
    CHECK(user.result("a") == given_up);
    CHECK(limits(user.free()) == std::pair<std::size_t, std::size_t>{1, 1});
}

TEST_CASE("command_processor: what is told to stop before it begins is not run") {
    const Scripts scripts;
    CommandUser user(scripts.script("mark", "touch $dir/was-run"));
    user.stop("a");
    CHECK(user.run("a") == given_up);
    CHECK_FALSE(scripts.has("was-run"));
}

TEST_CASE("command_processor: a command that is told to stop is given up") {
    const Scripts scripts;
    CommandUser user(scripts.script("wait", "echo $$ >$dir/pid; exec sleep 1000"));
    user.start("a");
    const pid_t process = scripts.process_in("pid");
    user.stop("a");
    CHECK(user.result("a") == given_up);
    CHECK(is_gone(process));
}

TEST_CASE("command_processor: a command that fails because it was told to stop has not failed") {
    const Scripts scripts;
    CommandUser user(scripts.script(
        "tidy", "trap 'exit 1' TERM\necho $$ >$dir/pid\nwhile :; do sleep 0.01; done"));
    user.start("a");
    (void)scripts.process_in("pid");
    user.stop("a");
    CHECK(user.result("a") == given_up);
}

TEST_CASE("command_processor: what was told to stop and is done nevertheless counts") {
    const Scripts scripts;
    CommandUser user(scripts.script(
        "finish", "trap 'echo 7; exit 0' TERM\necho $$ >$dir/pid\nwhile :; do sleep 0.01; done"));
    user.start("a");
    (void)scripts.process_in("pid");
    user.stop("a");
    CHECK(user.result("a") == completed("7"));
}

TEST_CASE("command_processor: at its deadline a command ends, whatever it has done by then") {
    const Scripts scripts;
    CommandUser user(
        scripts.script("late", "trap 'echo 7; exit 0' TERM\nwhile :; do sleep 0.01; done"));
    user.start("a", {}, 200ms);
    CHECK(user.result("a") == std::optional<ProcessingResult>(Failure{failure_reason::timeout}));
}

TEST_CASE("command_processor: at its end every command is killed, and given up") {
    const Scripts scripts;
    CommandUser user(scripts.script(
        "stubborn", "trap '' TERM\necho $$ >$dir/pid-$ORDER_ID\nwhile :; do sleep 0.01; done"));
    for (const char* id : {"a", "b", "c"}) user.start(id);
    for (const char* id : {"a", "b", "c"}) {
        (void)scripts.process_in(std::string("pid-") + id);
    }
    user.end_processor();
    for (const char* id : {"a", "b", "c"}) {
        REQUIRE(user.has_ended(id));
        CHECK(user.result(id) == given_up);
        CHECK(is_gone(scripts.process_in(std::string("pid-") + id)));
    }
    CHECK_FALSE(has_unreaped_child());
}

TEST_CASE("command_processor: a program that is gone costs few attempts, and works again later") {
    const Scripts scripts;
    const Program program = scripts.script("mail", "echo 1");
    CommandUser user(program);
    CHECK(user.run("first") == completed("1"));
    scripts.remove("mail");
    for (int times = 0; times < Breaker::failures_to_open; ++times) {
        CHECK(user.free().kinds.at(0).orders == 10);
        CHECK(user.run("a" + std::to_string(times)) ==
              std::optional<ProcessingResult>(
                  Retry{"not_begun", "execve " + program.path + ": No such file or directory"}));
    }
    CHECK(user.free().kinds.at(0).orders == 0);
    CHECK(user.free().limit == 10);

    user.wait_for_capacity();
    CHECK(user.free().kinds.at(0).orders == 1);
    scripts.script("mail", "echo 2");
    user.start("probe");
    CHECK(user.free().kinds.at(0).orders == 0);
    CHECK(user.result("probe") == completed("2"));
    CHECK(user.free().kinds.at(0).orders == 10);
}

TEST_CASE("command_processor: a status that says so is the operator's error, too") {
    const Scripts scripts;
    CommandUser user(scripts.script("mail", "no-such-program-anywhere"));
    for (int times = 0; times < Breaker::failures_to_open; ++times) {
        const auto result = user.run("a" + std::to_string(times));
        REQUIRE(std::holds_alternative<Retry>(result.value()));
        CHECK(std::get<Retry>(*result).reason == "exit_127");
        CHECK(std::get<Retry>(*result).detail.ends_with("not found"));
    }
    CHECK(user.free().kinds.at(0).orders == 0);
}

TEST_CASE("command_processor: one kind's broken program is not another's") {
    const Scripts scripts;
    CommandUser user(CommandOptions{{{a_kind("bad"), scripts.script("bad", "exit 126")},
                                     {a_kind("good"), scripts.script("good", "echo 1")}}});
    for (int times = 0; times < Breaker::failures_to_open; ++times) {
        const std::string id = "a" + std::to_string(times);
        user.start(an_order(id).of_kind("bad"));
        (void)user.result(id);
    }
    const ClaimShare share = user.free();
    CHECK(share.kinds.at(0).orders == 0);
    CHECK(share.kinds.at(1).orders == 10);
}

}  // namespace orders::test

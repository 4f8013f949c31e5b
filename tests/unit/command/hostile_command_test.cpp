// Commands that do what a command should not: each must neither hold up the worker, nor outlive its
// attempt, nor leave anything behind.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <variant>

#include "tests/support/scripts.h"
#include "tests/unit/command/command_user.h"

namespace orders::test {

using namespace std::chrono_literals;

namespace {

const std::optional<ProcessingResult> given_up;
const std::optional<ProcessingResult> timed_out{Failure{failure_reason::timeout}};

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace

TEST_CASE("hostile_command: one that never reads a large input ends as it will") {
    const Scripts scripts;
    CommandUser user(scripts.script("ignore", "exit 0"));
    CHECK(user.run("a", '"' + std::string(1'000'000, 'x') + '"') ==
          std::optional<ProcessingResult>(Completed{}));
}

TEST_CASE("hostile_command: one that fills both pipes is read, and little of it is kept") {
    const Scripts scripts;
    CommandUser user(scripts.script("flood",
                                    "head -c 3000000 /dev/zero | tr '\\0' e >&2 &\n"
                                    "head -c 3000000 /dev/zero | tr '\\0' o\n"
                                    "wait"));
    const auto result = user.run("a");
    REQUIRE(std::holds_alternative<Completed>(result.value()));
    const std::string text = *std::get<Completed>(*result).result;
    CHECK(text.size() <= max_result_bytes);
    CHECK(text.starts_with("{\"output\":\"ooo"));
    CHECK(text.ends_with("\"truncated\":true}"));
}

TEST_CASE("hostile_command: the last words of one that fills both pipes are kept") {
    const Scripts scripts;
    CommandUser user(scripts.script("flood",
                                    "head -c 3000000 /dev/zero | tr '\\0' o\n"
                                    "head -c 3000000 /dev/zero | tr '\\0' e >&2\n"
                                    "echo; echo last words >&2; exit 1"));
    const auto result = user.run("a");
    REQUIRE(std::holds_alternative<Failure>(result.value()));
    CHECK(std::get<Failure>(*result).detail.size() == max_detail_bytes);
    CHECK(std::get<Failure>(*result).detail.ends_with("elast words"));
}

TEST_CASE("hostile_command: one that prints without end is ended at its deadline") {
    const Scripts scripts;
    CommandUser user(scripts.script("yes", "exec yes"));
    user.start("a", {}, 200ms);
    CHECK(user.result("a") == timed_out);
}

TEST_CASE("hostile_command: one that closes its output lives on") {
    const Scripts scripts;
    CommandUser user(scripts.script("close",
                                    "[ $ORDER_ID != other ] || exit 0\n"
                                    "echo out; echo err >&2; exec >&- 2>&-\n"
                                    "echo $$ >$dir/pid\n"
                                    "while [ ! -e $dir/go ]; do sleep 0.01; done\n"
                                    "exit 7"));
    user.start("a");
    (void)scripts.process_in("pid");
    // When another one has come and gone, the loop has seen that the first one's output has ended.
    CHECK(user.run("other") == std::optional<ProcessingResult>(Completed{}));
    CHECK_FALSE(user.has_ended("a"));
    scripts.leave("go");
    CHECK(user.result("a") == std::optional<ProcessingResult>(Failure{"exit_7", "err"}));
}

TEST_CASE("hostile_command: one whose grandchild holds its output has ended nevertheless") {
    const Scripts scripts;
    CommandUser user(scripts.script("fork",
                                    "sleep 1000 &\n"
                                    "echo $! >$dir/pid\n"
                                    "echo '\"done\"'"));
    CHECK(user.run("a") == completed("\"done\""));
    const pid_t grandchild = scripts.process_in("pid");
    eventually(patience, [&] { return is_gone(grandchild); });
}

TEST_CASE("hostile_command: one whose grandchild prints without end has ended nevertheless") {
    const Scripts scripts;
    CommandUser user(scripts.script("fork", "yes & yes >&2 & sleep 0.05; exit 3"));
    const auto result = user.run("a");
    REQUIRE(std::holds_alternative<Failure>(result.value()));
    CHECK(std::get<Failure>(*result).reason == "exit_3");
}

TEST_CASE("hostile_command: one that heeds no SIGTERM is killed, and its grandchildren with it") {
    const Scripts scripts;
    CommandUser user(
        scripts.script("stubborn",
                       "trap '' TERM\n"
                       "(trap '' TERM; sleep 1000) &\n"
                       "echo $! >$dir/grandchild\n"
                       "(trap '' TERM; (sleep 1000; :) & echo $! >$dir/further; wait) &\n"
                       "wait; wait"));
    const auto begun = std::chrono::steady_clock::now();
    SUBCASE("when it is told to stop") {
        user.start("a");
        (void)scripts.process_in("further");
        user.stop("a");
        CHECK(user.result("a") == given_up);
    }
    SUBCASE("at its deadline") {
        user.start("a", {}, 300ms);
        CHECK(user.result("a") == timed_out);
    }
    CHECK(std::chrono::steady_clock::now() - begun >= CommandRun::grace);
    const pid_t grandchild = scripts.process_in("grandchild");
    const pid_t further = scripts.process_in("further");
    eventually(patience, [&] { return is_gone(grandchild) && is_gone(further); });
}

TEST_CASE("hostile_command: a shell in between does not save what it has started") {
    const Scripts scripts;
    CommandUser user(Program{
        .path = "/bin/sh",
        .arguments = {"sh", "-c", "sleep 300 & echo $! >" + scripts.file("pid") + "; wait"}});
    user.start("a", {}, 300ms);
    CHECK(user.result("a") == timed_out);
    const pid_t grandchild = scripts.process_in("pid");
    eventually(patience, [&] { return is_gone(grandchild); });
}

TEST_CASE("hostile_command: one that stops itself is ended at its deadline") {
    const Scripts scripts;
    CommandUser user(scripts.script("halt", "kill -STOP $$"));
    user.start("a", {}, 200ms);
    CHECK(user.result("a") == timed_out);
}

TEST_CASE("hostile_command: one that kills itself is tried again") {
    const Scripts scripts;
    CommandUser user(scripts.script("die", "echo oops >&2; kill -SEGV $$"));
    CHECK(user.run("a") == std::optional<ProcessingResult>(Retry{"died_signal_11", "oops"}));
}

TEST_CASE("hostile_command: one that is deleted while it runs ends as it will") {
    const Scripts scripts;
    CommandUser user(scripts.script("gone",
                                    "echo $$ >$dir/pid\n"
                                    "while [ ! -e $dir/go ]; do sleep 0.01; done\n"
                                    "echo 1"));
    user.start("a");
    (void)scripts.process_in("pid");
    scripts.remove("gone");
    scripts.leave("go");
    CHECK(user.result("a") == completed("1"));
}

TEST_CASE("hostile_command: one that prints what is neither JSON nor UTF-8 is put into words") {
    const Scripts scripts;
    CommandUser user(scripts.script("garbage", "printf '\\377\\000\\302 {\"'"));
    CHECK(user.run("a") == completed("{\"output\":\"\xef\xbf\xbd\\u0000\xef\xbf\xbd {\\\"\"}"));
}

TEST_CASE("hostile_command: one that widens its pipe ends all the same") {
    const Scripts scripts;
    // 1031 is F_SETPIPE_SZ.
    CommandUser user(scripts.script(
        "widen",
        "exec perl -e 'fcntl(STDOUT, 1031, 1 << 20); syswrite(STDOUT, \"x\" x (1 << 20))'"));
    const auto result = user.run("a");
    REQUIRE(std::holds_alternative<Completed>(result.value()));
    CHECK(std::get<Completed>(*result).result->ends_with("\"truncated\":true}"));
}

TEST_CASE("hostile_command: a thousand runs leave no descriptor and no zombie behind") {
    const Scripts scripts;
    CommandUser user(scripts.script("quick", "exit 0"));
    (void)user.run("first");
    const auto before = open_descriptors();
    for (int times = 0; times < 1'000; times += 10) {
        for (int order = times; order < times + 10; ++order) {
            user.start("a" + std::to_string(order), "1");
        }
        for (int order = times; order < times + 10; ++order) {
            CHECK(user.result("a" + std::to_string(order)) ==
                  std::optional<ProcessingResult>(Completed{}));
        }
    }
    eventually(patience, [&] { return open_descriptors() == before; });
    siginfo_t child{};
    CHECK(::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0);
    CHECK(child.si_pid == 0);
}

}  // namespace orders::test

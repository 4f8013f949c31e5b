// What holds for a process when its program begins; and that nothing of it is left when it has
// ended.

#include "worker/processors/command/spawn.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/support/scripts.h"
#include "tests/unit/command/process_user.h"

namespace orders::test {
namespace {

// The value of a line `name:<tab>value` of /proc/self/status.
std::string status_line(const std::string& status, const std::string& name) {
    std::istringstream lines(status);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    }
    return "missing";
}

std::string fault_of(const GroupWatcher& watcher, const Program& program) {
    try {
        (void)run(watcher, program);
    } catch (const std::system_error& error) {
        return error.what();
    }
    return "none";
}

bool has_unreaped_child() {
    siginfo_t child{};
    return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid != 0;
}

}  // namespace

TEST_CASE("spawn: a program gets its arguments and its environment as they are, and no other") {
    const Watched world;
    const std::vector<std::string> environment{"A=1", "B=x y=z", "EMPTY="};
    const Ran printed =
        run(world.watcher, {.path = "/usr/bin/env", .arguments = {"env"}}, environment);
    CHECK(printed.output == "A=1\nB=x y=z\nEMPTY=\n");
    const Ran echoed =
        run(world.watcher, {.path = "/bin/echo", .arguments = {"echo", "a b", "$A"}});
    CHECK(echoed.output == "a b $A\n");
    CHECK(echoed.end == ProcessEnd{});
}

TEST_CASE("spawn: a program reads its input from the beginning to the end") {
    const Watched world;
    const Program cat{.path = "/bin/cat", .arguments = {"cat"}};
    const std::string input = "{\"a\": [1, 2]}";
    CHECK(run(world.watcher, cat, {}, &input).output == input);
    CHECK(run(world.watcher, cat, {}, nullptr).output.empty());
    const std::string none;
    CHECK(run(world.watcher, cat, {}, &none).output.empty());
}

TEST_CASE("spawn: a program has three descriptors and no other, not even one that is inherited") {
    const Watched world;
    const Scripts scripts;
    const FileDescriptor inherited(::open(scripts.file("lock").c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE((inherited.get() > 2 && inherited.get() != 10));
    REQUIRE((::fcntl(inherited.get(), F_GETFD) & FD_CLOEXEC) == 0);
    const Ran listed = run(
        world.watcher,
        scripts.script("list", "for fd in /proc/$$/fd/*; do [ -L $fd ] && echo ${fd##*/}; done"));
    std::istringstream lines(listed.output);
    std::set<int> numbers;
    for (int number = -1; lines >> number;) numbers.insert(number);
    numbers.erase(10);  // the shell's own, for its script
    CHECK(numbers == std::set<int>{0, 1, 2});
}

TEST_CASE("spawn: a program does not hold a lock that this process has given up") {
    const Watched world;
    const Scripts scripts;
    const std::string path = scripts.file("lock");
    FileDescriptor held(::open(path.c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(::flock(held.get(), LOCK_EX) == 0);
    const CommandProcess process({.path = "/bin/sleep", .arguments = {"sleep", "1000"}}, {},
                                 nullptr, world.watcher);
    held = FileDescriptor();
    const FileDescriptor other(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    CHECK(::flock(other.get(), LOCK_EX | LOCK_NB) == 0);
}

TEST_CASE("spawn: a program finds every signal at its default, and none blocked") {
    const Watched world;
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const auto usr2_before = ::signal(SIGUSR2, SIG_IGN);
    const Program cat{.path = "/bin/cat", .arguments = {"cat", "/proc/self/status"}};
    const std::string status = run(world.watcher, cat).output;
    sigset_t now;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
    CHECK(::sigismember(&now, SIGTERM) == 1);  // as it was
    CHECK(::sigismember(&now, SIGINT) == 0);
    ::signal(SIGUSR2, usr2_before);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

    const std::string none(16, '0');
    for (const char* name : {"SigBlk", "SigIgn", "SigPnd", "ShdPnd"}) {
        CAPTURE(name);
        CHECK(status_line(status, name) == none);
    }
}

TEST_CASE("spawn: a program leads a group, dumps no core, and has the usual limit of open files") {
    const Watched world;
    const Scripts scripts;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit raised{before.rlim_max, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
    const Ran told = run(world.watcher, scripts.script("tell",
                                                       "read pid name state parent group rest "
                                                       "</proc/$$/stat\n"
                                                       "[ $pid = $group ] && echo leads\n"
                                                       "ulimit -c; ulimit -S -n; ulimit -H -n"));
    ::setrlimit(RLIMIT_NOFILE, &before);
    std::istringstream lines(told.output);
    std::string leads;
    std::string cores;
    std::string soft;
    std::string hard;
    lines >> leads >> cores >> soft >> hard;
    CHECK(leads == "leads");
    CHECK(cores == "0");
    CHECK(std::stoul(soft) == std::min<rlim_t>(1'024, before.rlim_max));
    CHECK(hard == std::to_string(before.rlim_max));
}

TEST_CASE("spawn: what cannot be executed is told, and leaves nothing behind") {
    const Watched world;
    const Scripts scripts;
    CHECK(fault_of(world.watcher, {.path = "/no/such/program", .arguments = {"x"}}) ==
          "execve /no/such/program: No such file or directory");
    CHECK(fault_of(world.watcher, {.path = "/", .arguments = {"x"}}) ==
          "execve /: Permission denied");
    std::ofstream(scripts.file("data")) << "not a program\n";
    ::chmod(scripts.file("data").c_str(), 0700);
    CHECK(fault_of(world.watcher, {.path = scripts.file("data"), .arguments = {"x"}})
              .ends_with("Exec format error"));
    CHECK_FALSE(has_unreaped_child());
}

TEST_CASE("spawn: without a watcher nothing is run") {
    const Watched world;
    const Scripts scripts;
    ::kill(world.watcher.pid(), SIGKILL);
    siginfo_t end{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(world.watcher.pid()), &end, WEXITED | WNOWAIT) == 0);
    const Program program = scripts.script("mark", "touch $dir/was-run");
    CHECK(fault_of(world.watcher, program).starts_with("telling the watcher of process groups"));
    CHECK_FALSE(scripts.has("was-run"));
}

TEST_CASE("spawn: a process dies with the thread that started it") {
    const Watched world;
    const Scripts scripts;
    const Program program = scripts.script("wait", "echo $$ >$dir/pid; exec sleep 1000");
    pid_t pid = -1;
    std::thread([&] {
        const std::vector<std::string> environment{"PATH=/usr/bin:/bin"};
        const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
        pid = spawn({.program = program.path,
                     .arguments = program.arguments,
                     .environment = environment,
                     .input = nothing.get(),
                     .output = nothing.get(),
                     .error = nothing.get(),
                     .watcher = world.watcher});
        CHECK(scripts.process_in("pid") == pid);
    }).join();
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("spawn: how a process ends is known, and it is reaped") {
    const Watched world;
    const Scripts scripts;
    CHECK(run(world.watcher, scripts.script("seven", "exit 7")).end ==
          ProcessEnd{.is_by_signal = false, .number = 7});
    CHECK(run(world.watcher, scripts.script("killed", "kill -9 $$")).end ==
          ProcessEnd{.is_by_signal = true, .number = SIGKILL});
    CHECK_FALSE(has_unreaped_child());
}

TEST_CASE("spawn: what a process has started ends with it") {
    const Watched world;
    const Scripts scripts;
    const Ran ran =
        run(world.watcher, scripts.script("fork", "sleep 1000 &\necho $! >$dir/pid\nexit 3"));
    CHECK(ran.end == ProcessEnd{.is_by_signal = false, .number = 3});
    const pid_t grandchild = scripts.process_in("pid");
    eventually(patience, [&] { return is_gone(grandchild); });
}

TEST_CASE("spawn: a process that is not wanted any more is killed, with what it has started") {
    const Watched world;
    const Scripts scripts;
    const Program program = scripts.script(
        "fork", "trap '' TERM\n(trap '' TERM; sleep 1000) &\necho $! >$dir/pid\nwait");
    pid_t grandchild = -1;
    {
        const CommandProcess process(program, {"PATH=/usr/bin:/bin"}, nullptr, world.watcher);
        grandchild = scripts.process_in("pid");
        CHECK_FALSE(is_gone(grandchild));
    }
    eventually(patience, [&] { return is_gone(grandchild); });
    CHECK_FALSE(has_unreaped_child());
}

}  // namespace orders::test

// A process that is killed stands for the worker: what its commands have started must end with it.

#include "worker/processors/command/group_watcher.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "tests/support/scripts.h"
#include "tests/unit/command/process_user.h"

namespace orders::test {
namespace {

// Runs `body` in a process of its own, which leads a group and does not end by itself.
pid_t fork_worker(const std::function<void()>& body) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid > 0) return pid;
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that fails leaves nothing behind
    try {
        body();
    } catch (...) {
        ::_exit(1);
    }
    while (true) ::pause();
}

void wait_for_death(pid_t pid) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
}

// A command that has started another process, neither of which heeds SIGTERM.
void run_stubborn(const Scripts& scripts, const GroupWatcher& watcher) {
    const Program program = scripts.script("stubborn",
                                           "trap '' TERM HUP INT\n"
                                           "(trap '' TERM HUP INT; exec sleep 1000) &\n"
                                           "echo $! >$dir/grandchild\n"
                                           "echo $$ >$dir/child\n"
                                           "wait");
    // Nobody destroys it: its process is killed.
    (void)new CommandProcess(program, {"PATH=/usr/bin:/bin"}, nullptr, watcher);
}

}  // namespace

TEST_CASE("group_watcher: when the worker is killed, so is all that its commands have started") {
    const Scripts scripts;
    int to = 0;
    SUBCASE("alone") {
        to = 1;
    }
    SUBCASE("with its process group") {
        to = -1;
    }
    const pid_t worker = fork_worker([&] {
        const auto* const watcher = new GroupWatcher;
        run_stubborn(scripts, *watcher);
        std::ofstream(scripts.file("watcher")) << watcher->pid() << "\n";
    });
    const pid_t grandchild = scripts.process_in("grandchild");
    const pid_t child = scripts.process_in("child");
    const pid_t watcher = scripts.process_in("watcher");
    CHECK_FALSE(is_gone(grandchild));
    CHECK_FALSE(is_gone(watcher));

    ::kill(to * worker, SIGKILL);
    wait_for_death(worker);
    eventually(patience, [&] { return is_gone(child) && is_gone(grandchild); });
    eventually(patience, [&] { return is_gone(watcher); });
}

TEST_CASE("group_watcher: it heeds no signal that stops a worker") {
    const Scripts scripts;
    const pid_t worker = fork_worker([&] {
        const auto* const watcher = new GroupWatcher;
        for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
            ::kill(watcher->pid(), number);
        }
        run_stubborn(scripts, *watcher);
        std::ofstream(scripts.file("watcher")) << watcher->pid() << "\n";
    });
    const pid_t grandchild = scripts.process_in("grandchild");
    CHECK_FALSE(is_gone(scripts.process_in("watcher")));
    ::kill(worker, SIGKILL);
    wait_for_death(worker);
    eventually(patience, [&] { return is_gone(grandchild); });
}

TEST_CASE("group_watcher: a group that has ended is no longer its business") {
    const Scripts scripts;
    const pid_t worker = fork_worker([&] {
        const auto* const watcher = new GroupWatcher;
        run_stubborn(scripts, *watcher);
        watcher->forget(scripts.process_in("child"));
        std::ofstream(scripts.file("watcher")) << watcher->pid() << "\n";
    });
    const pid_t watcher = scripts.process_in("watcher");
    const pid_t grandchild = scripts.process_in("grandchild");
    ::kill(worker, SIGKILL);
    wait_for_death(worker);
    eventually(patience, [&] { return is_gone(watcher); });
    CHECK_FALSE(is_gone(grandchild));
    ::kill(grandchild, SIGKILL);
}

TEST_CASE("group_watcher: it has no descriptor of the worker's but the pipe") {
    const Scripts scripts;
    const FileDescriptor inherited(::open(scripts.file("lock").c_str(), O_RDWR | O_CREAT, 0600));
    const Watched world;
    const std::string descriptors = "/proc/" + std::to_string(world.watcher.pid()) + "/fd";
    const auto names = [&] {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(descriptors)) {
            found.insert(entry.path().filename().string());
        }
        return found;
    };
    eventually(patience, [&] { return names() == std::set<std::string>{"0", "1", "2"}; });
}

TEST_CASE("group_watcher: children wait to be reaped, though SIGCHLD was ignored before") {
    const auto before = ::signal(SIGCHLD, SIG_IGN);
    {
        const Watched world;
        CHECK(run(world.watcher, {.path = "/bin/true", .arguments = {"true"}}).end == ProcessEnd{});
    }
    ::signal(SIGCHLD, before == SIG_IGN ? SIG_DFL : before);
}

}  // namespace orders::test

// The script `dev`, in a tree of its own, in which stand-ins take the place of the programs that it
// calls: what it has them do, and what it says if they cannot.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/file_contents.h"
#include "tests/support/program_run.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

using Arguments = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class DevTree {
   public:
    DevTree() {
        std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
        std::filesystem::create_directories(directory_.file("tree/build/release"));
        std::filesystem::create_directory(bin());
        std::filesystem::copy_file(std::string(ORDERS_SOURCE_DIR) + "/dev", dev());
        stand_in("cmake", "");
        stand_in("ctest", "");
        stand_in("apt-get", "");
        stand_in("sudo", "exec \"$@\"");
        stand_in("dpkg-query", "echo installed");
    }

    // A program that notes how it was called and then does what the script says.
    void stand_in(const std::string& name, const std::string& script) const {
        program(bin() + "/" + name,
                "printf '%s\\n' \"" + name + " $*\" >>'" + calls_file() + "'\n" + script);
    }
    // A program that was built: it says that it has started, and which signal ended it.
    void built(const std::string& name, const std::string& said) const {
        running("build/release/" + name, "'" + said + "'");
    }
    // The same of any program of the tree; what it says may hold its arguments.
    void running(const std::string& name, const std::string& said) const {
        std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
        program(file(name),
                "for signal in INT TERM; do trap \"echo $0 ended by $signal; exit\" $signal; done\n"
                "echo " +
                    said + "\nwhile :; do sleep 0.02; done");
    }

    [[nodiscard]] std::string dev() const { return file("dev"); }
    [[nodiscard]] std::string file(const std::string& name) const {
        return directory_.file("tree/" + name);
    }
    [[nodiscard]] std::string calls() const { return contents_of(calls_file()); }
    [[nodiscard]] std::string bin() const { return directory_.file("bin"); }
    [[nodiscard]] std::map<std::string, std::string> environment() const {
        return {{"PATH", bin() + ":/usr/bin:/bin"}};
    }
    [[nodiscard]] Run run_dev(const Arguments& arguments) const {
        return run(dev(), arguments, environment());
    }

   private:
    static void program(const std::string& path, const std::string& script) {
        std::ofstream(path) << "#!/bin/bash\n" << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms(0755));
    }
    [[nodiscard]] std::string calls_file() const { return directory_.file("calls"); }

    TempDir directory_;
};

}  // namespace

TEST_CASE("dev: up installs what the programs need, and says where the API is once it listens") {
    const DevTree tree;
    tree.stand_in("dpkg-query", "echo not-installed");
    SUBCASE("from a log of text") {
        tree.built("order-api", "2026-11-22T13:04:05.678Z info  listening port=41234 db=/report/7");
    }
    SUBCASE("from a log of JSON") {
        tree.built("order-api", R"({"event":"listening","port":41234,"db":"/report/7"})");
    }
    tree.built("order-worker", "working");
    ChildProcess up(tree.dev(), {"up"}, tree.environment());
    eventually(patience, [&] {
        return has(up.output(), "==> orders at http://127.0.0.1:41234/api/v1/orders\n") &&
               has(up.output(), "order-worker | working\n");
    });
    up.signal(SIGINT);
    CHECK_EQ(up.wait_exit(patience), exited(0));
    for (const char* const name : {"order-api", "order-worker"}) {
        CHECK(has(up.output(), std::string("build/release/") + name + " ended by INT\n"));
    }
    CHECK(has(up.output(), "another Ctrl-C ends them at once\n"));

    const std::string calls = tree.calls();
    CHECK(has(calls, " libsqlite3-dev "));
    for (const char* const test_package : {"doctest", "benchmark", "wrk"}) {
        CHECK_FALSE(has(calls, std::string(" ") + test_package));
        CHECK_FALSE(has(calls, std::string("lib") + test_package));
    }
    CHECK(has(calls, "cmake --preset release"));
    CHECK(has(calls, "-DORDERS_BUILD_TESTS=OFF\n"));
}

TEST_CASE(
    "dev: demo sends orders to the API of a store of its own, and one Ctrl-C ends all three") {
    const DevTree tree;
    tree.built("order-api", "2026-11-22T13:04:05.678Z info  listening port=41234 db=/demo");
    tree.built("order-worker", "working");
    tree.running("shared/packaging/demo/demo.sh", "\"sending to $*\"");
    auto environment = tree.environment();
    environment["API_PORT"] = "41234";
    ChildProcess demo(tree.dev(), {"demo"}, environment);
    for (const char* const said : {"order-api    | ", "order-worker | working\n",
                                   "demo         | sending to http://127.0.0.1:41234\n"}) {
        eventually(patience, [&] { return has(demo.output(), said); });
    }
    demo.signal(SIGINT);
    CHECK_EQ(demo.wait_exit(patience), exited(0));
    CHECK(has(demo.output(), "keeping the orders in " + tree.file(".data/demo.db")));
    for (const char* const name :
         {"build/release/order-api", "build/release/order-worker", "demo/demo.sh"}) {
        CHECK_MESSAGE(has(demo.output(), std::string(name) + " ended by INT\n"), demo.output());
    }

    environment["API_PORT"] = "0";
    check_refused(run(tree.dev(), {"demo"}, environment), 1, {"must know the port"});
    environment["API_TOKENS"] = "secret";
    check_refused(run(tree.dev(), {"demo"}, environment), 1, {"has no token; unset API_TOKENS"});
}

TEST_CASE("dev: a build has the tests and their packages unless it is told otherwise") {
    const DevTree tree;
    tree.stand_in("dpkg-query", "echo not-installed");
    CHECK_EQ(tree.run_dev({"build", "-DORDERS_BUILD_TESTS=OFF"}).ending, exited(0));
    CHECK_FALSE(has(tree.calls(), "doctest-dev"));
    CHECK_EQ(tree.run_dev({"packages", "programs"}).ending, exited(0));
    CHECK_FALSE(has(tree.calls(), "doctest-dev"));
    CHECK_EQ(tree.run_dev({"build"}).ending, exited(0));
    CHECK(has(tree.calls(), "doctest-dev"));
    CHECK(has(tree.calls(), "-DORDERS_BUILD_TESTS=ON\n"));
}

TEST_CASE("dev: without root and sudo it says all that has to be run to get the packages") {
    const DevTree tree;
    tree.stand_in("dpkg-query", "echo not-installed");
    const std::string bin = tree.bin();
    std::filesystem::remove(bin + "/sudo");
    for (const std::string tool : {"bash", "dirname", "env", "grep", "nproc"}) {
        std::filesystem::create_symlink("/usr/bin/" + tool, bin + "/" + tool);
    }
    Arguments command{tree.dev(), "build"};
    if (::geteuid() == 0) {
        const Arguments as_nobody{"/usr/bin/setpriv", "--reuid=65534", "--clear-groups"};
        command.insert(command.begin(), as_nobody.begin(), as_nobody.end());
    }
    const Run refused = run(command.front(), {command.begin() + 1, command.end()}, {{"PATH", bin}});
    CHECK_EQ(refused.ending, exited(1));
    REQUIRE_EQ(refused.error_lines.size(), 1);
    CHECK(has(refused.error_lines[0],
              "as root: apt-get update && apt-get install ca-certificates cmake g++ "));
}

TEST_CASE("dev: options of ctest without a build go to the release build") {
    const DevTree tree;
    CHECK_EQ(tree.run_dev({"test", "-L", "unit"}).ending, exited(0));
    CHECK(std::regex_search(tree.calls(),
                            std::regex("ctest --preset release --parallel \\d+ -L unit\n")));
    CHECK_EQ(tree.run_dev({"test", "dev", "-R", "wal"}).ending, exited(0));
    CHECK(
        std::regex_search(tree.calls(), std::regex("ctest --preset dev --parallel \\d+ -R wal\n")));
    check_refused(tree.run_dev({"test", "nothing"}), 2, {"there is no build called nothing"});
}

TEST_CASE("dev: the last words of a whole test name what was skipped, and do not count it") {
    const DevTree tree;
    tree.stand_in("ctest",
                  "printf '\\n100%% tests passed, 0 tests failed out of 3\\n\\n"
                  "The following tests did not run:\\n"
                  "\\t  2 - bad_disk_api: a disk that fails (Skipped)\\n'");
    const Run test = tree.run_dev({"test"});
    CHECK_EQ(test.ending, exited(0));
    CHECK(has(test.output, "==> SKIPPED in release:\nbad_disk_api: a disk that fails\n"));
    CHECK(has(test.output, "==> SKIPPED in asan:\nbad_disk_api: a disk that fails\n"));
    const bool has_tsan = has(test.output, "==> testing build/tsan");
    CHECK(test.output.ends_with(has_tsan
                                    ? "builds tested: release asan tsan; test cases skipped: 3\n"
                                      "100% tests passed, 0 tests failed out of 6\n"
                                    : "builds tested: release asan; test cases skipped: 2\n"
                                      "100% tests passed, 0 tests failed out of 4\n"));
}

TEST_CASE("dev: an option that the benchmark does not have is refused before anything is built") {
    const DevTree tree;
    for (const Arguments& wrong : {Arguments{"bench", "--bogus"},
                                   {"bench", "--quick", "--bogus=1"},
                                   {"bench", "-q"},
                                   {"bench", "--besides", "there"}}) {
        check_refused(tree.run_dev(wrong), 2, {"bench has no option -"});
    }
    CHECK_EQ(tree.calls(), "");

    const std::string benchmark =
        contents_of(std::string(ORDERS_SOURCE_DIR) + "/tests/bench/main.cpp");
    const std::regex option("add_options\\(\\)\\(\"([a-z]+)\"");
    int options = 0;
    for (std::sregex_iterator match(benchmark.begin(), benchmark.end(), option), end; match != end;
         ++match, ++options) {
        // It is not built here.
        CHECK_NE(tree.run_dev({"bench", "--" + (*match)[1].str()}).ending, exited(2));
    }
    CHECK_GT(options, 5);
}

TEST_CASE("dev: a build folder that was made elsewhere is recognised, and what to do is said") {
    const DevTree tree;
    std::filesystem::create_directory(tree.file("elsewhere"));
    const std::string made_for = "CMAKE_HOME_DIRECTORY:INTERNAL=";
    for (const std::string& cache :
         {made_for + "/nowhere/at/all", made_for + tree.file("elsewhere"),
          made_for + tree.file("") + "\nCMAKE_CXX_COMPILER:FILEPATH=/opt/other/bin/g++"}) {
        std::ofstream(tree.file("build/release/CMakeCache.txt")) << cache << "\n";
        for (const char* const command : {"build", "up", "bench"}) {
            const Run refused = tree.run_dev({command});
            CHECK_EQ(refused.ending, exited(1));
            REQUIRE_EQ(refused.error_lines.size(), 1);
            CHECK_MESSAGE(has(refused.error_lines[0], "; ./dev clean removes it"),
                          refused.error_lines[0]);
        }
    }
    CHECK_FALSE(has(tree.calls(), "cmake --"));
    CHECK_EQ(tree.run_dev({"clean"}).ending, exited(0));
    CHECK_EQ(tree.run_dev({"build"}).ending, exited(0));
}

TEST_CASE("dev: a tree that may not be written to is told in one line") {
    const DevTree tree;
    std::filesystem::remove_all(tree.file("build"));
    std::filesystem::permissions(tree.file(""), std::filesystem::perms(0555));
    Arguments command{tree.dev(), "build"};
    if (::geteuid() == 0) {  // no mode keeps root out, unless it drops this capability
        const Arguments as_anybody{"/usr/bin/setpriv", "--bounding-set=-dac_override"};
        command.insert(command.begin(), as_anybody.begin(), as_anybody.end());
    }
    const Run refused =
        run(command.front(), {command.begin() + 1, command.end()}, tree.environment());
    std::filesystem::permissions(tree.file(""), std::filesystem::perms(0755));
    CHECK_EQ(refused.ending, exited(1));
    REQUIRE_EQ(refused.error_lines.size(), 1);
    CHECK(has(refused.error_lines[0], "build/release cannot be written to"));
}

}  // namespace orders::test

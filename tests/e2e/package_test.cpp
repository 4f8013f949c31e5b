// The Debian package, as ./dev package makes it: what lintian says of it, what is in it, its units,
// and its completion for bash. What becomes of it on a machine is in tests/faults/package.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/e2e/declared_settings.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

const std::string packaging = std::string(ORDERS_SOURCE_DIR) + "/shared/packaging/";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

bool is_installed(const std::string& program) {
    return ::access(("/usr/bin/" + program).c_str(), X_OK) == 0;
}

std::string lines_of(const Run& run) {
    std::string text = run.output;
    for (const std::string& line : run.error_lines) text += line + "\n";
    return text;
}

// For a tool that takes seconds, and many of them on a busy machine.
Run run_long(const std::string& program, const std::vector<std::string>& arguments) {
    ChildProcess child(program, arguments);
    const Ending ending = child.wait_exit(std::chrono::seconds(60));
    return {ending, child.output(), child.error_lines()};
}

std::string make_package(const TempDir& directory) {
    // Directories of a package are for everybody to read.
    const ::mode_t old_mask = ::umask(022);
    const Run made = run_long(
        "/usr/bin/cpack", {"--config", std::string(ORDERS_BINARY_DIR) + "/CPackConfig.cmake", "-B",
                           directory.path().string()});
    ::umask(old_mask);
    REQUIRE_MESSAGE(made.ending == exited(0), lines_of(made));
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        if (entry.path().extension() == ".deb") return entry.path().string();
    }
    FAIL("there is no package");
    return {};
}

// Its units, in a directory of their own, with the programs that were built here.
class Units {
   public:
    Units() {
        for (const std::string program : {"order-api", "order-worker"}) {
            std::string unit = contents_of(packaging + "systemd/" + program + ".service");
            const std::string installed = "ExecStart=/usr/bin/";
            unit.replace(unit.find(installed), installed.size(),
                         "ExecStart=" + std::string(ORDERS_BINARY_DIR) + "/");
            write(program + ".service", unit);
        }
    }

    void write(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = directory_.file(name);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }

    [[nodiscard]] std::string complaints() const {
        return lines_of(
            run("/usr/bin/systemd-analyze",
                {"verify", "--man=no", file("order-api.service"), file("order-worker.service")}));
    }
    [[nodiscard]] bool is_exposed(const std::string& name) const {
        return run("/usr/bin/systemd-analyze",
                   {"security", "--offline=true", "--threshold=15", file(name)})
                   .ending != exited(0);
    }

   private:
    TempDir directory_;
};

std::set<std::string> words_of(const std::string& text) {
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

// What bash offers behind the words of a command line, the last of which is begun.
std::set<std::string> offered(const std::string& program, const std::string& current,
                              const std::string& previous, int word) {
    const Run completed =
        run("/bin/bash", {"-c",
                          "source \"$1\"; COMP_CWORD=$5; _order_management \"$2\" \"$3\" "
                          "\"$4\"; echo \"${COMPREPLY[@]}\"",
                          "bash", packaging + "completion/order-management.bash", program, current,
                          previous, std::to_string(word)});
    CHECK_EQ(completed.ending, exited(0));
    CHECK_EQ(completed.error_lines.size(), 0);
    return words_of(completed.output);
}

}  // namespace

TEST_CASE("package: lintian finds nothing wrong with it, and all is in it") {
    for (const char* const tool : {"cpack", "dpkg-shlibdeps", "help2man", "lintian"}) {
        if (!is_installed(tool)) return skipped(std::string(tool) + " is not installed");
    }
    const TempDir directory;
    const std::string package = make_package(directory);
    const Run lintian = run_long("/usr/bin/lintian", {"--fail-on", "error,warning", package});
    CHECK_MESSAGE(lintian.ending == exited(0), lines_of(lintian));

    const std::string files = run("/usr/bin/dpkg-deb", {"--contents", package}).output;
    for (const std::string file :
         {"bin/order-api", "bin/order-worker", "lib/systemd/system/order-api.service",
          "lib/systemd/system/order-worker.service", "lib/sysusers.d/orders.conf",
          "share/bash-completion/completions/order-api",
          "share/bash-completion/completions/order-worker -> order-api",
          "share/doc/order-management/HTTP.md", "share/doc/order-management/OPERATING.md",
          "share/doc/order-management/changelog.Debian.gz", "share/doc/order-management/copyright",
          "share/doc/order-management/examples/commands.conf",
          "share/doc/order-management/examples/network.conf",
          "share/doc/order-management/examples/orders.conf",
          "share/doc/order-management/examples/orders.rules.yml",
          "share/doc/order-management/examples/tokens.conf", "share/man/man1/order-api.1.gz",
          "share/man/man1/order-worker.1.gz"}) {
        CHECK_MESSAGE(has(files, " ./usr/" + file + "\n"), file);
    }
    CHECK(has(files, "-rwxr-xr-x root/root"));
    const std::string control = run("/usr/bin/dpkg-deb", {"--field", package}).output;
    for (const std::string library :
         {"libsqlite3-0 (>= ", "libcpp-httplib0.11 (>= ", "libc6 (>= "}) {
        CHECK_MESSAGE(has(control, library), control);
    }
}

TEST_CASE("package: systemd finds nothing wrong with its units and the examples beside them") {
    if (!is_installed("systemd-analyze")) return skipped("systemd-analyze is not installed");
    const Units units;
    for (const std::string name : {"commands.conf", "network.conf"}) {
        units.write("order-worker.service.d/" + name, contents_of(packaging + "systemd/" + name));
    }
    units.write("order-api.service.d/tokens.conf", contents_of(packaging + "systemd/tokens.conf"));
    CHECK_EQ(units.complaints(), "");
    // It would find something.
    units.write("order-worker.service.d/wrong.conf", "[Service]\nReadOnlyWorld=yes\n");
    CHECK(has(units.complaints(), "ReadOnlyWorld"));
}

TEST_CASE("package: neither of its units exposes more than systemd calls OK") {
    if (!is_installed("systemd-analyze")) return skipped("systemd-analyze is not installed");
    const Units units;
    CHECK_FALSE(units.is_exposed("order-api.service"));
    CHECK_FALSE(units.is_exposed("order-worker.service"));
    units.write("plain.service", "[Service]\nExecStart=/bin/true\n");
    CHECK(units.is_exposed("plain.service"));
}

TEST_CASE("package: every setting that its files in /etc/default name is one of the program's") {
    for (const std::string program : {"order-api", "order-worker"}) {
        CAPTURE(program);
        std::set<std::string> declared;
        for (const auto& setting :
             declared_settings(std::string(ORDERS_BINARY_DIR) + "/" + program)) {
            declared.insert(setting.variable);
        }
        std::istringstream lines(contents_of(packaging + "systemd/" + program + ".default"));
        int named = 0;
        for (std::string line; std::getline(lines, line);) {
            CHECK_MESSAGE((line.empty() || line.front() == '#'), line);
            std::smatch match;
            if (!std::regex_search(line, match, std::regex("^#([A-Z_]+)="))) continue;
            CHECK_MESSAGE(declared.contains(match[1]), line);
            ++named;
        }
        CHECK_GT(named, 5);
    }
}

TEST_CASE("package: bash completes every flag and command of both programs, and what they take") {
    for (const std::string& program : {api_program(), worker_program()}) {
        std::set<std::string> flags{"--help", "--version"};
        for (const auto& setting : declared_settings(program)) {
            if (!setting.is_secret() && !setting.flag.empty()) flags.insert(setting.flag);
        }
        std::set<std::string> seen = offered(program, "--", program, 1);
        for (const char* const of_a_command : {"--from", "--to"}) seen.erase(of_a_command);
        CHECK_EQ(seen, flags);
        CHECK_EQ(offered(program, "--log-f", program, 1), std::set<std::string>{"--log-format"});
        CHECK_EQ(offered(program, "heal", program, 1), std::set<std::string>{"healthcheck"});
        CHECK(offered(program, "", program, 1).contains("verify"));
        CHECK_EQ(offered(program, "wa", "--log-level", 2), std::set<std::string>{"WARN"});
        CHECK_EQ(offered(program, "", "--log-format", 2), std::set<std::string>{"text", "json"});
        CHECK_EQ(offered(program, "/etc/passw", "--db", 2).count("/etc/passwd"), 1);
        CHECK_EQ(offered(program, "/etc/passw", "backup", 2).count("/etc/passwd"), 1);
    }
    CHECK(offered(api_program(), "", api_program(), 1).contains("copy"));
}

}  // namespace orders::test

#include "shared/program/run_program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>

#include "shared/log/log.h"
#include "shared/os/file_descriptor.h"
#include "shared/program/settings_error.h"
#include "shared/storage/open_storage.h"
#include "shared/storage/store_error.h"
#include "tests/unit/program/in_child.h"

namespace orders {
namespace {

using test::block_standard_error;
using test::EndedChild;
using test::in_child;

TEST_CASE(
    "run_program: a program ends with its own status, or with the one that its exception stands "
    "for") {
    struct Case {
        std::function<int()> program;
        int exit_status;
        std::string standard_error;
    };
    const std::array cases{
        Case{[] { return 0; }, 0, ""},
        Case{[] { return 7; }, 7, ""},
        Case{[]() -> int { throw SettingsError("--port: '99999' is not a port"); }, 2,
             "order-api: --port: '99999' is not a port\n"},
        Case{[]() -> int { throw UnknownLocation("no such kind of store"); }, 2,
             "order-api: --db, DATABASE_URL or DB_PATH: no such kind of store\n"},
        Case{[]() -> int { throw std::runtime_error("the disk is gone"); }, 1,
             "order-api: the disk is gone\n"},
        Case{[]() -> int { throw std::bad_alloc(); }, 1, "order-api: out of memory\n"},
        Case{[]() -> int { throw std::runtime_error("two\nlines \x1b[31m"); }, 1,
             "order-api: two\\u000alines \\u001b[31m\n"},
    };
    for (const Case& expected : cases) {
        const EndedChild ending =
            in_child([&] { return run_program("order-api", expected.program); });
        CHECK(ending.exit_status == expected.exit_status);
        CHECK(ending.standard_error == expected.standard_error);
    }
}

TEST_CASE("run_program: its last word does not wait for a reader that does not read") {
    const EndedChild ending = in_child([] {
        block_standard_error();
        return run_program("order-api",
                           []() -> int { throw std::runtime_error("the disk is gone"); });
    });
    CHECK(ending.exit_status == 1);
}

TEST_CASE("run_program: standard descriptors that are closed become /dev/null, the others stay") {
    const EndedChild ending = in_child([] {
        const auto is_null = [](int fd) {
            struct stat file {};
            struct stat null {};
            return ::fstat(fd, &file) == 0 && ::stat("/dev/null", &null) == 0 &&
                   file.st_rdev == null.st_rdev && S_ISCHR(file.st_mode);
        };
        ::close(STDIN_FILENO);
        ::close(STDOUT_FILENO);
        return run_program("order-api", [&] {
            return is_null(STDIN_FILENO) && is_null(STDOUT_FILENO) && !is_null(STDERR_FILENO) ? 42
                                                                                              : 1;
        });
    });
    CHECK(ending.exit_status == 42);
}

TEST_CASE(
    "run_program: a store that cannot be used ends the program with status 1 and the hint on one "
    "line") {
    const EndedChild ending = in_child([] {
        return run_program("order-worker", []() -> int {
            throw StoreError(StoreError::Kind::unusable, StoreError::Cure::restart,
                             "open orders.db", "not a database", "choose another path");
        });
    });
    CAPTURE(ending.standard_error);
    CHECK(ending.exit_status == 1);
    CHECK(ending.standard_error.starts_with("order-worker: "));
    CHECK(ending.said("open orders.db"));
    CHECK(ending.said("choose another path"));
    CHECK(ending.standard_error.find('\n') == ending.standard_error.size() - 1);
}

// A terminal, and whoever shows it, who reads nothing.
class UnreadTerminal {
   public:
    UnreadTerminal() {
        REQUIRE(::grantpt(shown_.get()) == 0);
        REQUIRE(::unlockpt(shown_.get()) == 0);
        written_ = FileDescriptor::opened(
            ::open(::ptsname(shown_.get()), O_WRONLY | O_NOCTTY | O_CLOEXEC), "open terminal");
    }
    [[nodiscard]] int fd() const noexcept { return written_.get(); }

   private:
    FileDescriptor shown_ = FileDescriptor::opened(::posix_openpt(O_RDWR | O_NOCTTY), "openpt");
    FileDescriptor written_;
};

TEST_CASE("run_program: a terminal that shows nothing any more holds no program up") {
    const UnreadTerminal terminal;
    const EndedChild ending = in_child([&] {
        ::dup2(terminal.fd(), STDERR_FILENO);
        return run_program("order-api", [] {
            for (int i = 0; i < 2'000; ++i) log::info("line", {{"text", std::string(100, 'x')}});
            return 7;
        });
    });
    CHECK(ending.exit_status == 7);
    CHECK((::fcntl(terminal.fd(), F_GETFL) & O_NONBLOCK) == 0);  // others may share it
}

}  // namespace
}  // namespace orders

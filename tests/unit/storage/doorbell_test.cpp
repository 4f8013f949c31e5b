#include "shared/wake/doorbell.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>

#include "shared/os/wake_signal.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace orders {
namespace {

bool is_readable_within(int fd, std::chrono::milliseconds limit) {
    pollfd source{fd, POLLIN, 0};
    return ::poll(&source, 1, static_cast<int>(limit.count())) == 1;
}

bool is_readable(int fd) {
    return is_readable_within(fd, std::chrono::milliseconds(0));
}

std::string content_of(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    return content.str();
}

TEST_CASE("the doorbell lies beside the store") {
    CHECK(doorbell_path("/data/orders.db") == "/data/orders.db.doorbell");
    CHECK(doorbell_path("orders.db") == "orders.db.doorbell");
}

TEST_CASE("a ring is seen by every watch, until it is cleared") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    Doorbell bell(path);
    DoorbellWatch one(path);
    DoorbellWatch other(path);
    CHECK_FALSE(is_readable(one.fd()));

    bell.ring();

    CHECK(is_readable(one.fd()));
    CHECK(is_readable(other.fd()));
    one.clear();
    CHECK_FALSE(is_readable(one.fd()));
    CHECK(is_readable(other.fd()));
}

TEST_CASE("the bell rings again and again, and its file stays one byte") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        bell.ring();
        CHECK(is_readable(watch.fd()));
        watch.clear();
        CHECK_FALSE(is_readable(watch.fd()));
    }
    CHECK(std::filesystem::file_size(path) == 1);
}

TEST_CASE("many rings that nobody looked at are cleared at once") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    for (int i = 0; i < 10'000; ++i) bell.ring();
    CHECK(is_readable(watch.fd()));
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("clearing a bell that did not ring does nothing and does not wait") {
    const test::TempDir directory;
    DoorbellWatch watch(directory.file("bell"));
    watch.clear();
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("whoever comes first creates the bell, ringer or watcher") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    SUBCASE("the watcher") {
        DoorbellWatch watch(path);
        CHECK(std::filesystem::exists(path));
        Doorbell bell(path);
        bell.ring();
        CHECK(is_readable(watch.fd()));
    }
    SUBCASE("the ringer") {
        Doorbell bell(path);
        CHECK(std::filesystem::exists(path));
        DoorbellWatch watch(path);
        bell.ring();
        CHECK(is_readable(watch.fd()));
    }
}

TEST_CASE("a file that is there already is neither emptied nor replaced") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    std::ofstream(path) << "kept";
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);

    Doorbell bell(path);
    DoorbellWatch watch(path);
    CHECK(content_of(path) == "kept");
    bell.ring();
    CHECK(content_of(path) == "!ept");

    struct stat after {};
    REQUIRE(::stat(path.c_str(), &after) == 0);
    CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("a bell whose directory is missing is an error that names the path") {
    const test::TempDir directory;
    const std::string path = directory.file("missing/bell");
    CHECK_THROWS_WITH_AS(Doorbell{path}, doctest::Contains(path.c_str()), std::system_error);
    CHECK_THROWS_WITH_AS(DoorbellWatch{path}, doctest::Contains(path.c_str()), std::system_error);
}

TEST_CASE("a ring from another thread wakes a watch that waits") {
    const test::TempDir directory;
    const std::string path = directory.file("bell");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    const std::jthread ringer([&] { bell.ring(); });
    CHECK(is_readable_within(watch.fd(), test::patience));
}

TEST_CASE("a wake signal is readable from its first notification until it is cleared") {
    WakeSignal signal;
    CHECK_FALSE(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));

    signal.notify();
    signal.notify();
    CHECK(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));

    signal.notify();
    CHECK(is_readable(signal.fd()));
}

TEST_CASE("what was written before a notification is seen after the clear") {
    // The thread sanitizer is the judge here: there is no other synchronisation.
    WakeSignal signal;
    int written = 0;
    const std::jthread writer([&] {
        written = 42;
        signal.notify();
    });
    REQUIRE(is_readable_within(signal.fd(), test::patience));
    signal.clear();
    CHECK(written == 42);
}

TEST_CASE("no notification of many threads is lost") {
    WakeSignal signal;
    std::array<std::jthread, 4> threads;
    for (std::jthread& thread : threads) {
        thread = std::jthread([&] {
            for (int i = 0; i < 1'000; ++i) signal.notify();
        });
    }
    for (std::jthread& thread : threads) thread.join();
    CHECK(is_readable(signal.fd()));
    signal.clear();
    CHECK_FALSE(is_readable(signal.fd()));
}

}  // namespace
}  // namespace orders

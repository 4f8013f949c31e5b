#include "shared/storage/sqlite/doorbell.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
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

TEST_CASE("doorbell: it lies beside the database") {
    const test::TempDir directory;
    const Doorbell bell(directory.file("orders.db"));
    CHECK(std::filesystem::exists(directory.file("orders.db.doorbell")));
}

TEST_CASE("doorbell: a ring is seen by every watch, until it is cleared") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
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

TEST_CASE("doorbell: it rings again and again, and its file stays one byte") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        bell.ring();
        CHECK(is_readable(watch.fd()));
        watch.clear();
        CHECK_FALSE(is_readable(watch.fd()));
    }
    CHECK(std::filesystem::file_size(path + ".doorbell") == 1);
}

TEST_CASE("doorbell: many rings that nobody looked at are cleared at once") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    for (int i = 0; i < 10'000; ++i) bell.ring();
    CHECK(is_readable(watch.fd()));
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("doorbell: clearing a bell that did not ring does nothing and does not wait") {
    const test::TempDir directory;
    DoorbellWatch watch(directory.file("orders.db"));
    watch.clear();
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("doorbell: the first to come creates the bell, ringer or watcher") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    SUBCASE("the watcher") {
        DoorbellWatch watch(path);
        CHECK(std::filesystem::exists(path + ".doorbell"));
        Doorbell bell(path);
        bell.ring();
        CHECK(is_readable(watch.fd()));
    }
    SUBCASE("the ringer") {
        Doorbell bell(path);
        CHECK(std::filesystem::exists(path + ".doorbell"));
        DoorbellWatch watch(path);
        bell.ring();
        CHECK(is_readable(watch.fd()));
    }
}

TEST_CASE("doorbell: a file that is there already is neither emptied nor replaced") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    const std::string bell_path = path + ".doorbell";
    std::ofstream(bell_path) << "kept";
    struct stat before {};
    REQUIRE(::stat(bell_path.c_str(), &before) == 0);

    Doorbell bell(path);
    DoorbellWatch watch(path);
    CHECK(content_of(bell_path) == "kept");
    bell.ring();
    CHECK(content_of(bell_path) == "!ept");

    struct stat after {};
    REQUIRE(::stat(bell_path.c_str(), &after) == 0);
    CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("doorbell: a bell whose directory is missing is an error that names the path") {
    const test::TempDir directory;
    const std::string path = directory.file("missing/orders.db");
    CHECK_THROWS_WITH_AS(Doorbell{path}, doctest::Contains(path.c_str()), StoreError);
    CHECK_THROWS_WITH_AS(DoorbellWatch{path}, doctest::Contains(path.c_str()), StoreError);
}

TEST_CASE("doorbell: a ring from another thread wakes a watch that waits") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path);
    DoorbellWatch watch(path);
    const std::jthread ringer([&] { bell.ring(); });
    CHECK(is_readable_within(watch.fd(), test::patience));
}

}  // namespace
}  // namespace orders::sqlite

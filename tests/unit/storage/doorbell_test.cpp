#include "shared/storage/sqlite/doorbell.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/sanitizers.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using namespace std::chrono_literals;

// This process can open nothing more while the object lives. (Nor can the sanitizer, which looks at
// objects through a pipe: without one it takes them for none.)
class NoMoreDescriptors {
   public:
    NoMoreDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

   private:
    rlimit before_{};
};

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
    const Doorbell work(directory.file("orders.db"), Bell::work);
    CHECK(std::filesystem::exists(directory.file("orders.db.doorbell")));
    const Doorbell ends(directory.file("orders.db"), Bell::ends);
    CHECK(std::filesystem::exists(directory.file("orders.db.endbell")));
}

TEST_CASE("doorbell: a ring is seen by every watch, until it is cleared") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path, Bell::work);
    DoorbellWatch one(path, Bell::work);
    DoorbellWatch other(path, Bell::work);
    CHECK_FALSE(is_readable(one.fd()));

    bell.ring();

    CHECK(is_readable(one.fd()));
    CHECK(is_readable(other.fd()));
    one.clear();
    CHECK_FALSE(is_readable(one.fd()));
    CHECK(is_readable(other.fd()));
}

TEST_CASE("doorbell: the two bells are heard apart") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell work(path, Bell::work);
    Doorbell ends(path, Bell::ends);
    DoorbellWatch work_watch(path, Bell::work);
    DoorbellWatch ends_watch(path, Bell::ends);
    ends.ring();
    CHECK(is_readable(ends_watch.fd()));
    CHECK_FALSE(is_readable(work_watch.fd()));
    ends_watch.clear();
    work.ring();
    CHECK(is_readable(work_watch.fd()));
    CHECK_FALSE(is_readable(ends_watch.fd()));
}

TEST_CASE("doorbell: it rings again and again, and its file stays one byte") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path, Bell::work);
    DoorbellWatch watch(path, Bell::work);
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
    Doorbell bell(path, Bell::work);
    DoorbellWatch watch(path, Bell::work);
    for (int i = 0; i < 10'000; ++i) bell.ring();
    CHECK(is_readable(watch.fd()));
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("doorbell: clearing a bell that did not ring does nothing and does not wait") {
    const test::TempDir directory;
    DoorbellWatch watch(directory.file("orders.db"), Bell::work);
    watch.clear();
    watch.clear();
    CHECK_FALSE(is_readable(watch.fd()));
}

TEST_CASE("doorbell: the first to come creates the bell, ringer or watcher") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    SUBCASE("the watcher") {
        DoorbellWatch watch(path, Bell::work);
        CHECK(std::filesystem::exists(path + ".doorbell"));
        Doorbell bell(path, Bell::work);
        bell.ring();
        CHECK(is_readable(watch.fd()));
    }
    SUBCASE("the ringer") {
        Doorbell bell(path, Bell::work);
        CHECK(std::filesystem::exists(path + ".doorbell"));
        DoorbellWatch watch(path, Bell::work);
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

    Doorbell bell(path, Bell::work);
    DoorbellWatch watch(path, Bell::work);
    CHECK(content_of(bell_path) == "kept");
    bell.ring();
    CHECK(content_of(bell_path) == "!ept");

    struct stat after {};
    REQUIRE(::stat(bell_path.c_str(), &after) == 0);
    CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("doorbell: a watch that gets no inotify instance is silent until it gets one") {
    if (test::has_address_sanitizer) {
        return test::skipped("the address sanitizer needs descriptors of its own");
    }
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path, Bell::work);
    std::optional<DoorbellWatch> watch;
    {
        const NoMoreDescriptors none;
        watch.emplace(path, Bell::work, 0ms);
        CHECK(watch->fd() == -1);
        watch->clear();
        CHECK(watch->fd() == -1);
    }
    bell.ring();
    watch->clear();
    REQUIRE(watch->fd() >= 0);
    CHECK_FALSE(is_readable(watch->fd()));
    bell.ring();
    CHECK(is_readable(watch->fd()));
}

TEST_CASE("doorbell: a watch that cannot hear tries again only every now and then") {
    if (test::has_address_sanitizer) {
        return test::skipped("the address sanitizer needs descriptors of its own");
    }
    const test::TempDir directory;
    std::optional<DoorbellWatch> watch;
    {
        const NoMoreDescriptors none;
        watch.emplace(directory.file("orders.db"), Bell::work, 1h);
    }
    watch->clear();
    CHECK(watch->fd() == -1);
}

TEST_CASE("doorbell: a bell whose file cannot be made is no error, and rings once it can") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    std::filesystem::create_directory(path + ".doorbell");
    Doorbell bell(path, Bell::work, 0ms);
    DoorbellWatch watch(path, Bell::work, 0ms);
    bell.ring();
    watch.clear();
    CHECK(watch.fd() == -1);

    std::filesystem::remove(path + ".doorbell");
    watch.clear();
    bell.ring();
    CHECK(is_readable(watch.fd()));
}

TEST_CASE("doorbell: a ring from another thread wakes a watch that waits") {
    const test::TempDir directory;
    const std::string path = directory.file("orders.db");
    Doorbell bell(path, Bell::work);
    DoorbellWatch watch(path, Bell::work);
    const std::jthread ringer([&] { bell.ring(); });
    CHECK(is_readable_within(watch.fd(), test::patience));
}

}  // namespace
}  // namespace orders::sqlite

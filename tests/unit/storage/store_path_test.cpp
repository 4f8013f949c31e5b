// One store has one path, and what could be two stores, or none, is refused.

#include "shared/storage/sqlite/store_path.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/sqlite_storage.h"
#include "shared/storage/store_error.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using test::TempDir;
namespace fs = std::filesystem;

std::string refusal_of(const std::string& location) {
    try {
        (void)open_storage(location)->open_intake();
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        return error.what();
    }
    FAIL("it was opened: " << location);
    return {};
}

std::size_t files_in(const TempDir& directory) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory.path())) ++count;
    return count;
}

}  // namespace

TEST_CASE("store_path: a link is as good as the name of the file, also before there is a file") {
    const TempDir directory;
    const std::string path = (fs::canonical(directory.path()) / "orders.db").string();
    fs::create_symlink("orders.db", directory.file("link.db"));
    fs::create_symlink(directory.file("link.db"), directory.file("second.db"));
    fs::create_directory(directory.file("sub"));
    fs::create_directory_symlink(".", directory.file("self"));
    const auto check_all = [&] {
        for (const std::string name : {"orders.db", "link.db", "second.db", "sub/../link.db",
                                       "self/link.db", "self/self/orders.db", "./orders.db"}) {
            CAPTURE(name);
            CHECK(store_path(directory.file(name)) == path);
            CHECK(open_storage(directory.file(name))->describe() == path);
        }
    };
    check_all();
    const auto intake = open_storage(directory.file("second.db"))->open_intake();
    check_all();
    CHECK(fs::exists(path + ".turnstile-a"));
    CHECK_FALSE(fs::exists(directory.file("link.db.turnstile-a")));
    CHECK_FALSE(fs::exists(directory.file("second.db.turnstile-a")));
}

TEST_CASE("store_path: links that lead to each other are refused") {
    const TempDir directory;
    fs::create_symlink("b.db", directory.file("a.db"));
    fs::create_symlink("a.db", directory.file("b.db"));
    CHECK_THROWS_AS((void)store_path(directory.file("a.db")), StoreError);
}

TEST_CASE("store_path: a file with two names is refused, under both") {
    const TempDir directory;
    { const auto intake = open_storage(directory.file("a.db"))->open_intake(); }
    fs::create_hard_link(directory.file("a.db"), directory.file("b.db"));
    for (const std::string name : {"a.db", "b.db"}) {
        CHECK(refusal_of(directory.file(name)).find("hard links") != std::string::npos);
        CHECK_THROWS_AS((void)open_storage(directory.file(name))->verify(), StoreError);
    }
    CHECK_FALSE(fs::exists(directory.file("b.db.turnstile-a")));
    fs::remove(directory.file("b.db"));
    CHECK_NOTHROW((void)open_storage(directory.file("a.db"))->open_intake());
}

TEST_CASE("store_path: what is not a plain file is refused, and nothing is left beside it") {
    const TempDir directory;
    std::string path = directory.file("orders.db");
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    SUBCASE("a FIFO") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    SUBCASE("a socket") {
        struct sockaddr_un address {};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }
    SUBCASE("a device, by a link") {
        fs::create_symlink("/dev/null", path);
    }
    CHECK(refusal_of(path).find("not a plain file") != std::string::npos);
    CHECK(files_in(directory) == 1);
    CHECK_FALSE(fs::exists("/dev/null.turnstile-a"));
}

}  // namespace orders::sqlite

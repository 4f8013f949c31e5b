#include "shared/storage/sqlite/sync_directory.h"

#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

// Makes this thread the user nobody to the file system while it lives: root may read every
// directory.
class Nobody {
   public:
    Nobody() { ::setfsuid(65534); }
    ~Nobody() { ::setfsuid(::geteuid()); }
    Nobody(const Nobody&) = delete;
    Nobody& operator=(const Nobody&) = delete;
};

}  // namespace

TEST_CASE(
    "sync_directory: the directory of a file can be synced, whether the file is there or not") {
    const TempDir directory;
    CHECK_FALSE(sqlite::sync_directory_of(directory.file("orders.db")));
}

TEST_CASE("sync_directory: a directory that is not there is an error") {
    const TempDir directory;
    CHECK(sqlite::sync_directory_of(directory.file("missing/orders.db")).value() == ENOENT);
}

TEST_CASE("sync_directory: a directory that may be written but not read is not an error") {
    const TempDir directory;
    REQUIRE(::chmod(directory.path().c_str(), 0311) == 0);
    {
        const Nobody nobody;
        CHECK_FALSE(sqlite::sync_directory_of(directory.file("orders.db")));
    }
    CHECK(::chmod(directory.path().c_str(), 0700) == 0);
}

TEST_CASE("sync_directory: a file system that cannot sync directories is no error either") {
    CHECK_FALSE(sqlite::sync_directory_of("/proc/orders.db"));
}

}  // namespace orders::test

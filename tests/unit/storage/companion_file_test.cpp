#include "shared/storage/sqlite/companion_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/support/order_builder.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/database_under_test.h"

namespace orders::sqlite {
namespace {

using test::TempDir;

constexpr uid_t nobody = 65'534;
constexpr const char* needs_root = "needs root, to be somebody else";

// This process is somebody else while the object lives.
class AsNobody {
   public:
    AsNobody() { REQUIRE(::seteuid(nobody) == 0); }
    ~AsNobody() { (void)::seteuid(0); }
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
};

struct stat status_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status;
}

unsigned mode_of(const std::string& path) {
    return status_of(path).st_mode & 0777U;
}

void make_file(const std::string& path, unsigned mode) {
    std::ofstream(path) << "x";
    std::filesystem::permissions(path, std::filesystem::perms(mode));
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("companion_file: it has the mode of the database, whatever this process's mask") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    for (const unsigned mode : {0600U, 0660U, 0644U}) {
        CAPTURE(mode);
        make_file(database, mode);
        const mode_t mask = ::umask(077);
        const std::string path = database + ".mode-" + std::to_string(mode);
        (void)open_companion_file(path);
        ::umask(mask);
        CHECK(mode_of(path) == mode);
    }
}

TEST_CASE("companion_file: one that is there stays as it is") {
    const TempDir directory;
    make_file(directory.file("orders.db"), 0644);
    make_file(directory.file("orders.db.bell"), 0600);
    (void)open_companion_file(directory.file("orders.db.bell"));
    CHECK(mode_of(directory.file("orders.db.bell")) == 0600);
    CHECK(std::filesystem::file_size(directory.file("orders.db.bell")) == 1);
}

TEST_CASE("companion_file: what root's process leaves beside a store does not lock its user out") {
    if (::geteuid() != 0) return test::skipped(needs_root);
    const TempDir directory;
    REQUIRE(::chown(directory.path().c_str(), nobody, nobody) == 0);
    const std::string path = directory.file("orders.db");
    const auto storage = open_storage(path);
    {
        const AsNobody user;
        (void)storage->open_intake();
    }
    // All but SQLite's own, as if root's were a newer program that has further files.
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        if (has(entry.path(), ".db.")) std::filesystem::remove(entry.path());
    }
    (void)storage->open_worker();
    (void)storage->open_watch();
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        CAPTURE(entry.path());
        CHECK(status_of(entry.path()).st_uid == nobody);
    }
    const AsNobody user;
    const std::vector<NewOrder> orders{test::an_order("a")};
    CHECK(storage->open_intake()->begin()->commit({.creates = {orders}}).created.size() == 1);
}

TEST_CASE("companion_file: a user who may not write it is told whose it is") {
    if (::geteuid() != 0) return test::skipped(needs_root);
    const TempDir directory;
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    const std::string there = directory.file("orders.db.there");
    make_file(there, 0644);
    const AsNobody user;
    const std::string of_file = error_of([&] { (void)open_companion_file(there); }).what();
    CHECK_MESSAGE(has(of_file, there + " belongs to the user 0 and is not writable"), of_file);
    CHECK_MESSAGE(has(of_file, "the user 65534"), of_file);

    const std::string of_directory =
        error_of([&] { (void)open_companion_file(directory.file("orders.db.new")); }).what();
    CHECK_MESSAGE(has(of_directory, "the directory " + directory.path().string() +
                                        " belongs to the user 0 and is not writable"),
                  of_directory);
    CHECK_MESSAGE(has(of_directory, "as the same user"), of_directory);
}

}  // namespace orders::sqlite

#include "shared/storage/sqlite/presence_file.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using Hold = PresenceFile::Hold;

class PresentInDirectory {
   protected:
    const test::TempDir dir_;
    const std::string database_ = dir_.file("orders.db");
    PresenceFile ours_{database_};
    PresenceFile theirs_{database_};
};

TEST_CASE_FIXTURE(PresentInDirectory, "presence_file: many share a byte, one has it alone") {
    CHECK(ours_.try_lock(0, Hold::shared));
    CHECK(theirs_.try_lock(0, Hold::shared));
    CHECK_FALSE(ours_.try_lock(0, Hold::exclusive));
    theirs_.unlock(0);
    CHECK(ours_.try_lock(0, Hold::exclusive));
    CHECK_FALSE(theirs_.try_lock(0, Hold::shared));
    CHECK(ours_.try_lock(0, Hold::shared));
    CHECK(theirs_.try_lock(0, Hold::shared));
}

TEST_CASE_FIXTURE(PresentInDirectory, "presence_file: each byte is a lock of its own") {
    constexpr std::int64_t far_byte = 5'000'000'000;
    CHECK(ours_.try_lock(1, Hold::exclusive));
    CHECK(theirs_.try_lock(2, Hold::exclusive));
    CHECK(theirs_.try_lock(far_byte, Hold::exclusive));
    CHECK(theirs_.is_locked_by_another(1));
    CHECK_FALSE(theirs_.is_locked_by_another(2));
    CHECK(ours_.is_locked_by_another(far_byte));
}

TEST_CASE_FIXTURE(PresentInDirectory, "presence_file: a lock ends with its holder") {
    std::optional<PresenceFile> holder(std::in_place, database_);
    CHECK(holder->try_lock(1, Hold::exclusive));
    CHECK(ours_.is_locked_by_another(1));
    holder.reset();
    CHECK_FALSE(ours_.is_locked_by_another(1));
}

TEST_CASE_FIXTURE(PresentInDirectory,
                  "presence_file: anybody may ask, and asking creates nothing") {
    CHECK_FALSE(PresenceFile::is_locked(database_, 0));
    CHECK(ours_.try_lock(0, Hold::shared));
    CHECK(PresenceFile::is_locked(database_, 0));
    CHECK_FALSE(PresenceFile::is_locked(dir_.file("other.db"), 0));
    CHECK_FALSE(std::filesystem::exists(dir_.file("other.db.presence")));
}

TEST_CASE_FIXTURE(PresentInDirectory, "presence_file: a killed process holds nothing") {
    const pid_t child = ::fork();
    if (child == 0) {
        PresenceFile holder(database_);
        if (!holder.try_lock(1, Hold::exclusive)) ::_exit(1);
        ::raise(SIGSTOP);
        ::_exit(2);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
    REQUIRE(WIFSTOPPED(status));
    CHECK(ours_.is_locked_by_another(1));
    ::kill(child, SIGKILL);
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK_FALSE(ours_.is_locked_by_another(1));
}

}  // namespace
}  // namespace orders::sqlite

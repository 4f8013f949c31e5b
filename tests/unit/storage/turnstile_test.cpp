#include "shared/storage/sqlite/turnstile.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "shared/storage/store_error.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace orders::sqlite {
namespace {

using test::patience;
using test::TempDir;

struct LockedFile {
    int holders = 0;
    int waiting = 0;
};

// As the kernel lists it, so a test need not sleep and hope.
LockedFile look_at_lock(const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return {};
    const std::string inode = ":" + std::to_string(file.st_ino) + " ";
    std::ifstream locks("/proc/locks");
    LockedFile found;
    for (std::string line; std::getline(locks, line);) {
        if (line.find(inode) == std::string::npos || line.find("FLOCK") == std::string::npos) {
            continue;
        }
        ++(line.find("-> ") != std::string::npos ? found.waiting : found.holders);
    }
    return found;
}

// How many wait for the lock of a file. The list is read page by page, and grows and shrinks
// meanwhile, with all that runs on this machine: what is there may be found twice, or not at all.
// The lock is exclusive, so it has been found once if it has one holder.
int waiting_for(const std::string& path) {
    LockedFile found;
    for (int looks = 0; looks < 10 && found.holders != 1; ++looks) found = look_at_lock(path);
    return found.waiting;
}

// The visitors that were let in, in that order. Each waits inside until it is let go.
class Visitors {
   public:
    explicit Visitors(std::string database) : database_(std::move(database)) {}

    // On a thread of its own, with a turnstile of its own.
    std::jthread enters(const std::string& name) {
        return std::jthread([this, name] {
            Turnstile turnstile(database_);
            const auto pass = turnstile.enter();
            arrive(name);
        });
    }
    void arrive(const std::string& name) {
        std::unique_lock lock(mutex_);
        arrived_.push_back(name);
        changed_.notify_all();
        changed_.wait_for(lock, patience, [&] { return std::ranges::count(gone_, name) > 0; });
    }
    void let_go(const std::string& name) {
        const std::lock_guard lock(mutex_);
        gone_.push_back(name);
        changed_.notify_all();
    }
    void wait_for_arrivals(const std::vector<std::string>& names) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [&] { return arrived_.size() >= names.size(); });
        CHECK(arrived_ == names);
    }

    // The one that is next waits for the right to write, all others to be next.
    void wait_until_queued(int others) const {
        test::eventually(patience, [&] {
            return waiting_for(database_ + ".turnstile-b") == 1 &&
                   waiting_for(database_ + ".turnstile-a") == others;
        });
    }

   private:
    const std::string database_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> arrived_;
    std::vector<std::string> gone_;
};

// Memory that forked processes share with the test.
struct Ledger {
    std::atomic<int> inside{0};
    std::atomic<int> overlaps{0};
    std::atomic<int> entries{0};

    static Ledger& create() {
        void* memory = ::mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
        return *new (memory) Ledger;
    }
    static void remove(Ledger& ledger) { ::munmap(&ledger, sizeof(Ledger)); }

    void visit_often(const std::string& database, int times) {
        Turnstile turnstile(database);
        for (int time = 0; time < times; ++time) {
            const auto pass = turnstile.enter();
            if (inside.fetch_add(1) != 0) ++overlaps;
            // Loses counts if two do it at a time.
            const int seen = entries.load();
            std::this_thread::yield();
            entries.store(seen + 1);
            inside.fetch_sub(1);
        }
    }
};

// A process of the test's own, killed and reaped at the latest when the object dies.
class Fork {
   public:
    template <typename Work>
    explicit Fork(Work work) : pid_(::fork()) {
        if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
        if (pid_ > 0) return;
        int status = 1;
        try {
            work();
            status = 0;
        } catch (...) {
            status = 2;
        }
        ::_exit(status);
    }
    ~Fork() { kill(); }
    Fork(const Fork&) = delete;
    Fork& operator=(const Fork&) = delete;

    int wait() {
        int status = -1;
        if (pid_ > 0) ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    void kill() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        wait();
    }

   private:
    pid_t pid_;
};

TEST_CASE("turnstile: of many threads one writes at a time, and all get their turns") {
    const TempDir directory;
    Ledger& ledger = Ledger::create();
    {
        std::vector<std::jthread> threads;
        for (int number = 0; number < 8; ++number) {
            threads.emplace_back([&] { ledger.visit_often(directory.file("orders.db"), 200); });
        }
    }
    CHECK(ledger.entries == 8 * 200);
    CHECK(ledger.overlaps == 0);
    Ledger::remove(ledger);
}

TEST_CASE("turnstile: of many processes one writes at a time, and all get their turns") {
    const TempDir directory;
    Ledger& ledger = Ledger::create();
    {
        std::vector<std::unique_ptr<Fork>> processes;
        for (int number = 0; number < 4; ++number) {
            processes.push_back(std::make_unique<Fork>(
                [&] { ledger.visit_often(directory.file("orders.db"), 200); }));
        }
        for (const auto& process : processes) CHECK(process->wait() == 0);
    }
    CHECK(ledger.entries == 4 * 200);
    CHECK(ledger.overlaps == 0);
    Ledger::remove(ledger);
}

TEST_CASE("turnstile: the first to come goes first, and one that has just written comes last") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    Visitors visitors(database);
    std::vector<std::jthread> threads;
    threads.push_back(visitors.enters("writer"));
    visitors.wait_for_arrivals({"writer"});
    threads.push_back(visitors.enters("first"));
    visitors.wait_until_queued(0);
    threads.push_back(visitors.enters("second"));
    visitors.wait_until_queued(1);

    visitors.let_go("writer");
    visitors.wait_for_arrivals({"writer", "first"});
    visitors.wait_until_queued(0);
    threads.push_back(visitors.enters("writer again"));
    visitors.wait_until_queued(1);
    visitors.let_go("first");
    visitors.wait_for_arrivals({"writer", "first", "second"});
    visitors.let_go("second");
    visitors.wait_for_arrivals({"writer", "first", "second", "writer again"});
    visitors.let_go("writer again");
}

TEST_CASE("turnstile: a writer that enters again at once still lets the one that waits go first") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    for (int round = 0; round < 100; ++round) {
        Visitors visitors(database);
        std::jthread other;
        Turnstile turnstile(database);
        {
            const auto pass = turnstile.enter();
            other = visitors.enters("other");
            visitors.wait_until_queued(0);
            visitors.let_go("other");
        }
        const auto pass = turnstile.enter();
        visitors.wait_for_arrivals({"other"});
    }
}

TEST_CASE("turnstile: leaving lets the next one in, and can be handed on") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    Visitors visitors(database);
    std::jthread other;
    Turnstile turnstile(database);
    auto pass = std::make_optional(turnstile.enter());
    other = visitors.enters("other");
    visitors.wait_until_queued(0);
    {
        auto moved = std::make_optional(*std::move(pass));
        pass.reset();  // NOLINT(bugprone-use-after-move): what is left of it must let nobody in
        CHECK(waiting_for(database + ".turnstile-b") == 1);
    }
    visitors.wait_for_arrivals({"other"});
    visitors.let_go("other");
}

TEST_CASE("turnstile: a process that dies inside it lets the next one in") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    Ledger& ledger = Ledger::create();
    {
        Fork holder([&] {
            Turnstile turnstile(database);
            const auto pass = turnstile.enter();
            ledger.entries = 1;
            while (true) ::pause();
        });
        test::eventually(patience, [&] { return ledger.entries == 1; });
        Visitors visitors(database);
        const std::jthread other = visitors.enters("other");
        visitors.wait_until_queued(0);
        visitors.let_go("other");
        holder.kill();
        visitors.wait_for_arrivals({"other"});
    }
    Ledger::remove(ledger);
}

TEST_CASE("turnstile: a process that dies while it waits holds nobody up") {
    const TempDir directory;
    const std::string database = directory.file("orders.db");
    const auto enter_and_wait = [&] {
        Turnstile turnstile(database);
        const auto pass = turnstile.enter();
        while (true) ::pause();
    };
    Turnstile turnstile(database);
    std::optional pass = turnstile.enter();
    Fork next(enter_and_wait);
    test::eventually(patience, [&] { return waiting_for(database + ".turnstile-b") == 1; });
    Fork after_next(enter_and_wait);
    test::eventually(patience, [&] { return waiting_for(database + ".turnstile-a") == 1; });
    Visitors visitors(database);
    const std::jthread last = visitors.enters("last");
    visitors.wait_until_queued(2);
    visitors.let_go("last");

    after_next.kill();
    visitors.wait_until_queued(1);
    next.kill();
    visitors.wait_until_queued(0);
    pass.reset();
    visitors.wait_for_arrivals({"last"});
}

TEST_CASE("turnstile: its files are created beside the database, which it does not touch") {
    const TempDir directory;
    const Turnstile turnstile(directory.file("orders.db"));
    CHECK(std::filesystem::exists(directory.file("orders.db.turnstile-a")));
    CHECK(std::filesystem::exists(directory.file("orders.db.turnstile-b")));
    CHECK_FALSE(std::filesystem::exists(directory.file("orders.db")));
}

TEST_CASE("turnstile: a place that cannot be used is an error with a hint that names it") {
    const TempDir directory;
    std::string database = directory.file("missing/orders.db");
    SUBCASE("the directory is missing") {}
    SUBCASE("the directory is a file") {
        std::ofstream(directory.file("missing")) << "a file";
    }
    SUBCASE("the name is taken by a directory") {
        database = directory.file("orders.db");
        std::filesystem::create_directory(database + ".turnstile-b");
    }
    try {
        const Turnstile turnstile(database);
        FAIL("it was opened");
    } catch (const StoreError& error) {
        CHECK(error.kind() == StoreError::Kind::unusable);
        CHECK(std::string(error.what()).find(database) != std::string::npos);
        CHECK(std::string(error.what()).find("writable") != std::string::npos);
    }
}

}  // namespace
}  // namespace orders::sqlite

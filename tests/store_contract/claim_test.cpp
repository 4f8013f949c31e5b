// Orders are claimed: in the order in which they are due, and each by one claimer.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <barrier>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "shared/os/file_descriptor.h"
#include "tests/store_contract/store_user.h"

namespace orders::test {
namespace {

// Claims and settles until nothing is left; returns the ids in the order in which they came.
std::vector<std::string> work_off(StoreUnderTest& store, const std::string& name,
                                  std::size_t limit) {
    StoreUser user(store);
    const WorkerId worker = user.enlist(name);
    std::vector<std::string> mine;
    for (auto claimed = user.claim(worker, limit); !claimed.empty();
         claimed = user.claim(worker, limit)) {
        for (const auto& order : claimed) {
            mine.push_back(order.spec.order_id.text());
            if (user.settle(order.lease) != SettleOutcome::settled) mine.emplace_back("lease lost");
        }
    }
    return mine;
}

struct Child {
    pid_t pid;
    FileDescriptor ids;  // it writes one line for each order that it took
};

Child start_worker(StoreUnderTest& store, const std::string& name) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        int status = 1;
        try {
            std::string lines;
            for (const auto& order_id : work_off(store, name, 5)) lines += order_id + "\n";
            const auto written = ::write(ends[1], lines.data(), lines.size());
            status = written == static_cast<ssize_t>(lines.size()) ? 0 : 1;
        } catch (const std::exception&) {  // the status says it
        }
        ::_exit(status);
    }
    ::close(ends[1]);
    return {pid, FileDescriptor(ends[0])};
}

std::vector<std::string> take_ids(const Child& child) {
    std::string lines;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(child.ids.get(), buffer.data(), buffer.size())) > 0;) {
        lines.append(buffer.data(), static_cast<std::size_t>(got));
    }
    int status = 0;
    REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
    CHECK(status == 0);
    std::vector<std::string> ids;
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) ids.push_back(line);
    return ids;
}

}  // namespace

TEST_CASE_FIXTURE(UsedStore,
                  "claim: High goes before Normal, and first come first served within each") {
    (void)user.submit(
        {an_order("n1"), an_order("h1").high(), an_order("n2"), an_order("h2").high()});
    const WorkerId worker = user.enlist("w");
    CHECK(ids_of(user.claim(worker, 3)) == std::vector<std::string>{"h1", "h2", "n1"});
    (void)user.submit(an_order("h3").high());
    CHECK(ids_of(user.claim(worker, 3)) == std::vector<std::string>{"h3", "n2"});
    CHECK(user.claim(worker, 3).empty());
}

TEST_CASE_FIXTURE(UsedStore,
                  "claim: what a later turn stored stands behind what an earlier one did") {
    StoreUser other(*store);
    (void)other.submit({an_order("z"), an_order("y")});
    (void)user.submit({an_order("b"), an_order("a")});
    (void)other.submit(an_order("c"));
    CHECK(ids_of(user.claim(user.enlist("w"), 9)) ==
          std::vector<std::string>{"z", "y", "b", "a", "c"});
}

TEST_CASE_FIXTURE(UsedStore,
                  "claim: an order shows its worker, start and attempt, and is not claimed twice") {
    StoreUser other(*store);
    (void)user.submit(an_order("a").high().taking(7));
    store->pass_time(1s);
    const auto claimed = user.claim(user.enlist("w"), 5);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].attempt == 1);
    CHECK(claimed[0].spec.priority == Priority::high);
    CHECK(claimed[0].spec.processing_time.units() == 7);
    CHECK(other.claim(other.enlist("v"), 5).empty());

    const Order order = other.find("a");
    CHECK(order.status == OrderStatus::processing);
    CHECK(order.attempts == 1);
    CHECK(order.worker == "w");
    CHECK(order.started_at == store->wall_clock());
    CHECK_FALSE(order.finished_at);
}

TEST_CASE_FIXTURE(UsedStore, "claim: an order says when it was created") {
    const UtcTime created = store->wall_clock();
    (void)user.submit({an_order("a"), an_order("b").due(1s)});
    store->pass_time(5s);
    CHECK(user.promote() == 1);
    for (const ClaimedOrder& order : user.claim(user.enlist("w"), 2)) {
        CHECK(order.created_at == created);
    }
}

TEST_CASE_FIXTURE(UsedStore, "claim: what waits is seen without writing") {
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
    (void)user.submit(an_order("a"));
    CHECK(user.worker().has_claimable({ClaimShare{}}));
    (void)user.claim(user.enlist("w"), 1);
    CHECK_FALSE(user.worker().has_claimable({ClaimShare{}}));
}

TEST_CASE("claim: eight threads take a thousand orders, each exactly once") {
    constexpr int orders = 1'000;
    constexpr std::size_t threads = 8;
    UsedStore used;
    (void)used.user.submit(numbered_orders(orders));

    std::array<std::vector<std::string>, threads> taken;
    std::barrier start(threads);
    {
        std::vector<std::jthread> crew;
        for (std::size_t number = 0; number < threads; ++number) {
            crew.emplace_back([&, number] {
                start.arrive_and_wait();
                taken.at(number) = work_off(*used.store, "w" + std::to_string(number), 3);
            });
        }
    }
    std::multiset<std::string> all;
    for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
    CHECK(all.size() == orders);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == orders);
    CHECK(used.user.counts().processed == orders);
    check_counts(used.user.reader());
}

TEST_CASE("claim: two processes take a thousand orders, each exactly once") {
    constexpr int orders = 1'000;
    const auto store = make_store_under_test();
    { (void)StoreUser(*store).submit(numbered_orders(orders)); }  // none is open at the fork

    std::vector<Child> children;
    for (const std::string name : {"first", "second"}) {
        children.push_back(start_worker(*store, name));
    }
    std::vector<std::string> all;
    for (const Child& child : children) {
        for (std::string& id : take_ids(child)) all.push_back(std::move(id));
    }
    CHECK(all.size() == orders);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == orders);
    StoreUser user(*store);
    CHECK(user.counts().processed == orders);
    check_counts(user.reader());
}

}  // namespace orders::test

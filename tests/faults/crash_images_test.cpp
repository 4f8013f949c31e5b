// Crash images: an API's store and two workers' stores at work on a disk that remembers every write
// and sync, then the files as a power cut would have left them at any moment, opened as after a
// reboot. What was promised by that moment must be there, and nothing that was never asked for.

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/storage/sqlite/sqlite_storage.h"
#include "tests/faults/control_safeguards.h"
#include "tests/faults/recorded_disk.h"
#include "tests/support/dose.h"
#include "tests/support/manual_clock.h"
#include "tests/support/order_builder.h"
#include "tests/support/seed.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_blockers.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

constexpr int steps_per_history = 150;
constexpr int images_per_history = 50;
constexpr std::chrono::milliseconds lease_time{10'000};

// What a client or a worker was told, and at which moment of the disk.
struct Promise {
    std::size_t moment = 0;
    std::string order_id;
    // As stored, for an end; else only that it is there. The last one counts.
    int end = 0;
};

// What an order carries, for every second one.
JsonText payload_of(const std::string& id) {
    const auto number = std::hash<std::string>{}(id);
    if (number % 2 == 0) return nullptr;
    return json_text('"' + id + std::string(number % 5'000, 'x') + '"');
}

// What API and workers do, one step after the other, in an order that chance decides. (They never
// write at the same time anyway: the turnstile sees to that.)
class History {
   public:
    explicit History(std::mt19937& random) : random_(random) {
        (void)storage_->open_intake();  // the schema is there before the disk is watched
        checkpoint();
        disk_.emplace(database_);
        api_ = storage_->open_intake();
        for (int i = 0; i < 2; ++i) workers_.push_back({storage_->open_worker(), {}, {}});
        house_ = storage_->open_housekeeping();
        for (Worker& worker : workers_) enlist(worker);
        for (int i = 0; i < steps_per_history; ++i) take_step();
        api_.reset();
        house_.reset();
        workers_.clear();
    }

    // What is wrong with a crash image of a moment that chance decides.
    [[nodiscard]] Findings examine_crash() {
        const auto moment =
            static_cast<std::size_t>(any_of(random_, 1, static_cast<int>(disk_->now())));
        const TempDir after_reboot;
        const std::string image = after_reboot.file("orders.db");
        disk_->write_crash_image(moment, random_, image);
        // Recovers what the log holds, as the programs do.
        (void)sqlite::open_storage(image, clock_)->open_intake();
        Findings findings = inconsistencies(image);
        const auto orders = stored_orders(image);
        std::map<std::string, int> promised;
        for (const Promise& promise : promises_) {
            if (promise.moment > moment) break;
            promised[promise.order_id] = promise.end;
        }
        std::set<std::string> lost;
        std::set<std::string> unsettled;
        for (const auto& [id, end] : promised) {
            const auto order = orders.find(id);
            if (order == orders.end()) {
                lost.insert(id);
            } else if (end != 0 && order->second.status != end) {
                unsettled.insert(id);
            }
        }
        std::set<std::string> unknown;
        for (const auto& [id, order] : orders) {
            const auto submitted = submitted_at_.find(id);
            if (submitted == submitted_at_.end() || submitted->second > moment) unknown.insert(id);
        }
        add_finding(findings, "acknowledged and lost", lost);
        add_finding(findings, "ended, and not so any more", unsettled);
        add_finding(findings, "stored before anybody sent it", unknown);
        add_finding(findings, "with another payload than was sent", with_other_payload(image));
        return findings;
    }

    [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }

   private:
    struct Worker {
        std::unique_ptr<WorkerStore> store;
        WorkerId id;
        std::vector<ClaimedOrder> held;
    };

    void promise(const std::string& id, int end = 0) {
        promises_.push_back({disk_->now(), id, end});
    }

    static std::set<std::string> with_other_payload(const std::string& image) {
        std::set<std::string> others;
        for (const std::string& row :
             stored_values(image,
                           "SELECT order_id || ' ' || CAST(ifnull(payload, '') AS TEXT)"
                           " FROM orders o LEFT JOIN order_inputs i ON i.seq = o.seq")) {
            const std::size_t blank = row.find(' ');
            const JsonText sent = payload_of(row.substr(0, blank));
            if (row.substr(blank + 1) != (sent ? *sent : "")) others.insert(row.substr(0, blank));
        }
        return others;
    }

    void take_step() {
        clock_.advance(std::chrono::milliseconds(any_of(random_, 0, 500)));
        const int kind = any_of(random_, 1, 26);
        Worker& worker = workers_[static_cast<std::size_t>(any_of(random_, 0, 1))];
        if (kind <= 8) return submit();
        if (kind == 9) return checkpoint();
        if (kind == 10) return forget(worker);
        if (kind <= 12) return act(CancelOrder{any_sent()}, 4);
        if (kind <= 14) return act(RetryOrder{any_sent()}, 0);
        if (kind <= 16) return keep_house();
        take_turn(worker);
    }

    void submit() {
        std::vector<NewOrder> orders;
        for (int i = any_of(random_, 1, 30); i > 0; --i) {
            const auto number = random_();  // ids that lie anywhere in their index
            orders.push_back(an_order("order-" + std::to_string(number)));
            orders.back().spec.payload = payload_of(orders.back().spec.order_id.text());
            if (number % 5 == 0) orders.back().due = std::chrono::seconds(number % 7);
            submitted_at_.emplace(orders.back().spec.order_id.text(), disk_->now());
        }
        (void)api_->begin()->commit({.creates = {orders}});
        for (const NewOrder& order : orders) promise(order.spec.order_id.text());
        acknowledged_ += orders.size();
    }

    // Of those that were sent; one that never was, as long as there is none.
    OrderId any_sent() {
        if (submitted_at_.empty()) return order_id("none");
        const auto last = static_cast<int>(submitted_at_.size()) - 1;
        return order_id(std::next(submitted_at_.begin(), any_of(random_, 0, last))->first);
    }

    template <typename Action>
    void act(const Action& action, int end) {
        const std::string id = action.order_id.text();
        // A retry may be on the disk before anybody knows.
        if (end == 0 && submitted_at_.contains(id)) promise(id);
        const OrderAction any = action;
        const IntakeOutcomes outcomes = api_->begin()->commit({.actions = {&any}});
        if (std::holds_alternative<Order>(outcomes.acted.at(0))) promise(id, end);
    }

    // Takes back what dead workers held, and what ran out; promotes what is due.
    void keep_house() {
        (void)house_->take_turn(
            {.take_back_limit = 1'000, .promote_limit = 1'000, .expire_limit = 1'000});
    }

    void enlist(Worker& worker) {
        worker.id = worker.store->enlist(
            {.name = "worker-" + std::to_string(++enlisted_), .host = "host", .threads = 1},
            lease_time);
    }

    // It dies with what it holds, and another takes its place.
    void forget(Worker& worker) {
        worker.held.clear();
        enlist(worker);
    }

    // As a dispatcher's: settles, gives back, claims.
    void take_turn(Worker& worker) {
        WorkerTurn turn{.worker = worker.id,
                        .lease_time = lease_time,
                        .claim = {.limit = 20,
                                  .shares = {{.defaults = {.max_attempts = 100,
                                                           .backoff = std::chrono::seconds(1)}}}}};
        for (const ClaimedOrder& order : worker.held) {
            switch (any_of(random_, 1, 10)) {
                case 1:
                    turn.releases.push_back(order.lease);
                    break;
                case 2:
                    turn.settlements.push_back({order.lease, Failure{failure_reason::timeout}});
                    break;
                case 3:
                    turn.settlements.push_back({order.lease, Retry{"busy", "later"}});
                    break;
                case 4:
                    turn.settlements.push_back({order.lease, Completed{json_text("[1]")}});
                    break;
                default:
                    turn.settlements.push_back({order.lease, Completed{}});
            }
        }
        const auto held = std::exchange(worker.held, {});
        WorkerOutcomes outcomes = worker.store->take_turn(turn);
        worker.held = std::move(outcomes.claimed);
        for (std::size_t at = 0; at < turn.settlements.size(); ++at) {
            const auto& [lease, result] = turn.settlements[at];
            if (outcomes.settled[at] != SettleOutcome::settled) continue;
            for (const ClaimedOrder& order : held) {
                if (order.lease != lease) continue;
                promise(order.spec.order_id.text(), end_of(result));
            }
        }
    }

    static int end_of(const ProcessingResult& result) {
        if (std::holds_alternative<Retry>(result)) return 0;
        return std::holds_alternative<Completed>(result) ? 2 : 3;
    }

    // As WalBound's, which comes too rarely for a short history.
    void checkpoint() {
        const TurnstileBlocker turn(database_);
        sqlite3* handle = nullptr;
        REQUIRE_EQ(sqlite3_open(database_.c_str(), &handle), SQLITE_OK);
        CHECK_EQ(
            sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_RESTART, nullptr, nullptr),
            SQLITE_OK);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_close(handle);
    }

    std::mt19937& random_;
    TempDir directory_;
    std::string database_ = directory_.file("orders.db");
    ManualClock clock_;
    std::unique_ptr<Storage> storage_ = sqlite::open_storage(database_, clock_);
    std::optional<RecordedDisk> disk_;
    std::unique_ptr<IntakeStore> api_;
    std::vector<Worker> workers_;
    std::unique_ptr<HousekeepingStore> house_;
    int enlisted_ = 0;
    std::size_t acknowledged_ = 0;
    std::vector<Promise> promises_;
    std::map<std::string, std::size_t> submitted_at_;
};

struct CrashTally {
    int images = 0;
    int damaged = 0;
    std::size_t acknowledged = 0;
    std::set<std::string> findings;
};

CrashTally examine_crashes(std::mt19937& random, int images) {
    CrashTally tally;
    while (tally.images < images) {
        History history(random);
        tally.acknowledged += history.acknowledged();
        for (int i = 0; i < images_per_history; ++i, ++tally.images) {
            const Findings findings = history.examine_crash();
            if (!findings.empty()) ++tally.damaged;
            tally.findings.insert(findings.begin(), findings.end());
        }
    }
    return tally;
}

}  // namespace

TEST_CASE("crash_images: whatever a crash leaves of unsynced writes, what was promised is there") {
    std::mt19937 random = seeded_random();
    const CrashTally tally = examine_crashes(random, dose(100, 1'000));
    for (const std::string& finding : tally.findings) FAIL_CHECK(finding);
    std::cout << "crash images: " << tally.images << " images of histories with "
              << tally.acknowledged << " orders acknowledged, " << tally.damaged << " damaged"
              << std::endl;
}

TEST_CASE("crash_images: negative control: without a sync for every commit, promises are broken") {
    const WithoutSafeguard control(sqlite::Safeguard::commit_sync);
    std::mt19937 random = seeded_random();
    const CrashTally tally = examine_crashes(random, images_per_history);
    CHECK_GT(tally.damaged, images_per_history / 10);
    std::cout << "noticed: " << tally.damaged << " of " << tally.images << " crash images"
              << std::endl;
}

}  // namespace orders::test

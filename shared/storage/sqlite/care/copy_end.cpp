#include "shared/storage/sqlite/care/copy_end.h"

#include <optional>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/attempt_ends.h"
#include "shared/storage/sqlite/care/copied_rows.h"
#include "shared/storage/sqlite/care/sole_use.h"
#include "shared/storage/sqlite/care/verification.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/copy_mark.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/fold_log.h"
#include "shared/storage/sqlite/order_content.h"
#include "shared/storage/sqlite/presence_file.h"
#include "shared/storage/sqlite/store_identity.h"
#include "shared/storage/sqlite/write_access.h"

namespace orders::sqlite {
namespace {

// The only one that uses the store, with its schema up to date; when it goes, all is in one file.
class LoneUse {
   public:
    explicit LoneUse(std::string path)
        : path_(std::move(path)), presence_(SoleUse(path_, "copy").keep_presence()) {
        begin_generation(path_);
    }
    ~LoneUse() {
        if (!has_failed_) fold_log(path_);
    }
    LoneUse(const LoneUse&) = delete;
    LoneUse& operator=(const LoneUse&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    // The log stays as it is, as by Occupancy.
    void note_failure() noexcept { has_failed_ = true; }

   private:
    const std::string path_;
    PresenceFile presence_;
    bool has_failed_ = false;
};

class SqliteCopyEnd final : public CopyEnd {
   public:
    SqliteCopyEnd(const std::string& path, const Clock& clock)
        : use_(path),
          access_(path, clock),
          reader_(access_.connection()),
          writer_(access_.connection()) {}

    std::optional<CopyMark> mark() override { return copy_mark_of(connection()); }
    StoreIdentity identity() override { return identity_of(connection()); }
    std::int64_t order_count() override {
        return Statement(connection(), "SELECT coalesce(sum(orders), 0) FROM order_counts")
            .number();
    }
    OrderSequence newest() override {
        return {Statement(connection(), "SELECT coalesce(max(seq), 0) FROM orders").number()};
    }

    void close(const CopyMark& mark) override {
        write([&](WriteTransaction& work) {
            give_back_all(work);
            set_copy_mark(connection(), mark);
        });
    }

    void begin(const std::string& store_id, const CopiedNames& names,
               const CopyMark& mark) override {
        write([&](WriteTransaction&) {
            writer_.replace_names(names);
            Statement(connection(),
                      "UPDATE store SET store_id = ?, incarnation = lower(hex(randomblob(16)))")
                .run(store_id);
            set_copy_mark(connection(), mark);
        });
    }
    void add(std::span<const CopiedOrder> orders) override {
        write([&](WriteTransaction& work) { writer_.add(orders, work); });
        access_.tidy();
    }
    void end() override {}  // everything is written with the orders

    CopiedNames names() override { return reader_.names(); }
    std::vector<CopiedOrder> read(OrderSequence after) override { return reader_.read(after); }
    Verification verify() override {
        connection().execute("BEGIN");
        Verification result = sqlite::verify(connection());
        connection().roll_back();
        return result;
    }
    void set_state(CopyState state) override {
        write([&](WriteTransaction&) {
            Statement(connection(), "UPDATE copies SET state = ?")
                .run(static_cast<std::int64_t>(state));
        });
    }
    void reopen() override {
        write([&](WriteTransaction&) {
            connection().execute(
                "DELETE FROM copies;"
                "UPDATE store SET incarnation = lower(hex(randomblob(16)))");
        });
    }

    std::string how_to_empty() const override {
        return "name a file that is not there yet, or move " + use_.path() + " away";
    }

   private:
    [[nodiscard]] Connection& connection() noexcept { return access_.connection(); }

    template <typename Work>
    void write(Work work) {
        try {
            WriteTransaction transaction(access_);
            work(transaction);
            transaction.commit();
        } catch (...) {
            use_.note_failure();
            throw;
        }
    }

    void give_back_all(WriteTransaction& work) {
        std::vector<Lease> held;  // read to the end before anything is changed
        Statement leases(
            connection(),
            "SELECT l.seq, o.lease_token FROM leases l JOIN orders o ON o.seq = l.seq");
        for (Cursor rows = leases.query(); rows.next();) {
            held.push_back(
                {.order = {rows.get<std::int64_t>(0)}, .token = rows.get<std::int64_t>(1)});
        }
        OrderContent content(connection());
        AttemptEnds ends(connection(), content);
        ends.begin();
        for (const Lease& lease : held) {
            (void)ends.give_back(lease, {.outcome = PastAttempt::Outcome::released}, work.now().utc,
                                 work);
        }
    }

    LoneUse use_;
    WriteAccess access_;
    CopiedRowReader reader_;
    CopiedRowWriter writer_;
};

}  // namespace

std::unique_ptr<CopyEnd> open_copy_end(const std::string& path, const Clock& clock) {
    return std::make_unique<SqliteCopyEnd>(path, clock);
}

}  // namespace orders::sqlite

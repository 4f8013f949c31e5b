#include "shared/storage/copying/canonical_text.h"

#include <string_view>

namespace orders {
namespace {

// Each value ends with a comma; a text begins with its length, and what is not there is empty.
class CanonicalText {
   public:
    explicit CanonicalText(std::string& text) : text_(text) {}

    template <typename... Each>
    void add_all(const Each&... each) {
        (add(each), ...);
        text_ += ';';
    }

   private:
    void add(std::int64_t number) {
        text_ += std::to_string(number);
        text_ += ',';
    }
    void add(const std::string& value) {
        text_ += std::to_string(value.size());
        text_ += ':';
        text_ += value;
        text_ += ',';
    }
    template <typename T>
    void add(const std::optional<T>& value) {
        if (value) return add(*value);
        text_ += ',';
    }

    std::string& text_;
};

}  // namespace

void append_canonical(std::string& text, const CopiedNames& names) {
    CanonicalText canonical(text);
    for (const CopiedKind& kind : names.kinds) {
        canonical.add_all(kind.id, kind.name, std::int64_t{kind.is_paused});
    }
    for (const CopiedWorker& worker : names.workers) {
        canonical.add_all(worker.id, worker.name, worker.host, worker.threads, worker.started_at,
                          worker.lease_time, worker.named_up_to, std::int64_t{worker.pulls},
                          worker.label, worker.kinds);
    }
    for (const CopiedTotal& total : names.totals) {
        canonical.add_all(total.total, total.kind, total.priority, total.number);
    }
}

void append_canonical(std::string& text, const CopiedOrder& order) {
    CanonicalText canonical(text);
    canonical.add_all(order.sequence.value, order.order_id, order.priority, order.kind,
                      order.processing_time, order.status, order.attempts, order.token,
                      order.created_at, order.started_at, order.finished_at, order.worker,
                      order.due_at, order.start_before, order.failure, order.place,
                      order.timeout_seconds, order.max_attempts, order.backoff_seconds,
                      order.fingerprint, order.payload, order.trace, order.detail, order.result);
    for (const CopiedAttempt& attempt : order.history) {
        canonical.add_all(attempt.token, attempt.worker, attempt.started_at, attempt.ended_at,
                          attempt.outcome, attempt.reason, attempt.detail);
    }
    for (const CopiedAction& action : order.actions) {
        canonical.add_all(action.number, action.at, action.action, action.name);
    }
}

}  // namespace orders

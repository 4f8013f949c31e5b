#include "shared/storage/copying/tally.h"

#include <vector>

#include "shared/storage/copying/canonical_text.h"
#include "shared/storage/decisions/column_values.h"
#include "shared/text/fnv1a.h"

namespace orders {
namespace {

std::string name_of(const Tally::Key& key) {
    const auto [status, kind, priority] = key;
    return "kind " + std::to_string(kind) + ", " +
           std::string(to_string(priority_from_column(priority))) + " " +
           std::string(to_string(to_status(static_cast<StoredStatus>(status))));
}

}  // namespace

Tally tally_of(CopyEnd& end, const std::function<void(std::int64_t)>& progress) {
    Tally tally;
    std::string text;
    append_canonical(text, end.names());
    tally.checksum = fnv1a(text);
    std::int64_t read = 0;
    OrderSequence after;
    for (;;) {
        const std::vector<CopiedOrder> orders = end.read(after);
        if (orders.empty()) return tally;
        for (const CopiedOrder& order : orders) {
            text.clear();
            append_canonical(text, order);
            tally.checksum = fnv1a(text, tally.checksum);
            ++tally.orders[{order.status, order.kind, order.priority}];
        }
        after = orders.back().sequence;
        read += static_cast<std::int64_t>(orders.size());
        progress(read);
    }
}

std::optional<std::string> difference(const Tally& source, const Tally& target) {
    std::map<Tally::Key, std::int64_t> left = target.orders;
    for (const auto& [key, count] : source.orders) left[key] -= count;
    for (const auto& [key, surplus] : left) {
        if (surplus == 0) continue;
        return "has " + std::to_string(surplus > 0 ? surplus : -surplus) +
               (surplus > 0 ? " orders too many of " : " orders too few of ") + name_of(key);
    }
    if (source.checksum == target.checksum) return std::nullopt;
    return "has as many orders, but its checksum is another one";
}

}  // namespace orders

#include "shared/storage/postgres/columns.h"

#include <utility>

#include "shared/storage/postgres/errors.h"

namespace orders::postgres {

Array numbers_of(std::span<const OrderSequence> orders) {
    Array numbers;
    for (const OrderSequence order : orders) numbers.add(order.value);
    return numbers;
}

std::string to_column(const Fingerprint& fingerprint) {
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : fingerprint) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::vector<Lease> leases_from(const Rows& rows) {
    std::vector<Lease> leases;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        leases.push_back({{rows.get<std::int64_t>(row, 0)}, rows.get<std::int64_t>(row, 1)});
    }
    return leases;
}

StoreIdentity identity_of(Connection& connection) {
    const Rows rows =
        connection.query("SELECT store_id, incarnation FROM orders.store WHERE id = 1");
    return {.store_id = rows.get<std::string>(0, 0), .incarnation = rows.get<std::string>(0, 1)};
}

Kind kind_from_column(const std::string& name) {
    auto kind = Kind::parse(name);
    if (!kind) throw damaged("read a kind", "its name is not valid");
    return *std::move(kind);
}

OrderSpec spec_from_row(const Rows& rows, std::size_t row, int first) {
    auto order_id = OrderId::parse(rows.get<std::string>(row, first));
    const auto processing_time = ProcessingTime::parse(rows.get<std::int64_t>(row, first + 2));
    if (!order_id || !processing_time) {
        throw damaged("read an order", "its id or its processing time is out of range");
    }
    return {.order_id = *std::move(order_id),
            .priority = priority_from_column(rows.get<std::int64_t>(row, first + 1)),
            .processing_time = *processing_time};
}

AttemptOptions options_from_row(const Rows& rows, std::size_t row, int first) {
    const auto seconds = [&](int column) -> std::optional<std::chrono::seconds> {
        const auto value = rows.get<std::optional<std::int64_t>>(row, column);
        if (!value) return std::nullopt;
        return std::chrono::seconds(*value);
    };
    AttemptOptions options{.timeout = seconds(first), .backoff = seconds(first + 2)};
    if (const auto attempts = rows.get<std::optional<std::int64_t>>(row, first + 1)) {
        options.max_attempts = static_cast<int>(*attempts);
    }
    return options;
}

Order order_from_row(const Rows& rows, std::size_t row) {
    const auto status = static_cast<StoredStatus>(rows.get<std::int64_t>(row, 4));
    Order order{.spec = spec_from_row(rows, row, 1),
                .status = to_status(status),
                .attempts = static_cast<int>(rows.get<std::int64_t>(row, 5)),
                .created_at = time_from_column(rows.get<std::int64_t>(row, 6)),
                .due_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 12)),
                .is_waiting_for_time = status == StoredStatus::waiting,
                .started_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 7)),
                .finished_at = time_from_column(rows.get<std::optional<std::int64_t>>(row, 8)),
                .worker = rows.get<std::optional<std::string>>(row, 9),
                .failure = rows.get<std::optional<std::string>>(row, 10)};
    order.spec.kind = kind_from_column(rows.get<std::string>(row, 11));
    order.spec.start_before = time_from_column(rows.get<std::optional<std::int64_t>>(row, 13));
    return order;
}

}  // namespace orders::postgres

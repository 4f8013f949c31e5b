#include "shared/program/store_commands.h"

#include <chrono>
#include <iostream>
#include <stdexcept>

#include "shared/log/log_line.h"
#include "shared/program/run_program.h"
#include "shared/storage/store_maintenance.h"

namespace orders {
namespace {

void print_line(const std::string& line) {
    std::cout << log::printable(line) << std::endl;
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
}

}  // namespace

int back_up_store(const std::string& location, const std::string& file) {
    const auto begin = std::chrono::steady_clock::now();
    const Backup backup = back_up_orders(location, file);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    print_line("copied " + std::to_string(backup.orders) + " orders to " + file + ": " +
               std::to_string(backup.bytes) + " bytes in " + std::to_string(took.count()) + " ms");
    return exit_ok;
}

int verify_store(const std::string& location) {
    const Verification result = verify_orders(location);
    for (const std::string& line : result.examples) print_line(line);
    if (result.findings > 0) {
        print_line("not sound: " + std::to_string(result.findings) +
                   (result.findings == 1 ? " finding" : " findings"));
        return exit_failure;
    }
    std::int64_t orders = 0;
    std::string by_status;
    for (const OrderStatus status : all_statuses) {
        orders += result.orders[status];
        by_status += (by_status.empty() ? "" : ", ") + std::to_string(result.orders[status]) + " " +
                     std::string(to_string(status));
    }
    print_line("sound: " + std::to_string(orders) + " orders (" + by_status + ")");
    return exit_ok;
}

}  // namespace orders

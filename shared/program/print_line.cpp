#include "shared/program/print_line.h"

#include <iostream>
#include <stdexcept>

#include "shared/log/log_line.h"

namespace orders {

void print_line(const std::string& line) {
    std::cout << log::printable(line) << std::endl;
    if (!std::cout) throw std::runtime_error("cannot write to standard output");
}

std::string counts_as_text(const StatusCounts& counts) {
    std::string text;
    for (const OrderStatus status : all_statuses) {
        text += (text.empty() ? "" : ", ") + std::to_string(counts[status]) + " " +
                std::string(to_string(status));
    }
    return text;
}

}  // namespace orders

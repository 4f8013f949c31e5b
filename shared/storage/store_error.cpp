#include "shared/storage/store_error.h"

namespace orders {
namespace {

std::string one_line(std::string_view operation, std::string_view detail, std::string_view hint) {
    std::string text = "cannot ";
    text.append(operation).append(": ").append(detail);
    if (!hint.empty()) text.append(" (").append(hint).append(")");
    return text;
}

}  // namespace

StoreError::StoreError(Kind kind, Cure cure, std::string_view operation, std::string_view detail,
                       std::string_view hint)
    : std::runtime_error(one_line(operation, detail, hint)), kind_(kind), cure_(cure) {}

}  // namespace orders

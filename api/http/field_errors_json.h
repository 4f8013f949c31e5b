#pragma once

// Errors of fields as they stand in problems and in the results of batches.

#include <nlohmann/json.hpp>
#include <vector>

#include "api/http/field_error.h"

namespace orders {

[[nodiscard]] inline nlohmann::ordered_json list_of(const std::vector<FieldError>& errors) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& [field, detail] : errors) {
        list.push_back({{"field", field}, {"detail", detail}});
    }
    return list;
}

}  // namespace orders

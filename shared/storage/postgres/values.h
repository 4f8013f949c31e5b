#pragma once

// Values on their way into a statement, as PostgreSQL's text form of them. Each statement says of
// which type a parameter is, so nothing depends on how it is written here.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/storage/decisions/storable_text.h"

namespace orders::postgres {

using orders::storable;

// An array of numbers, or of texts, for unnest().
class Array {
   public:
    template <std::integral Integer>
    void add(Integer value) {
        begin();
        text_ += std::to_string(value);
    }
    void add(std::string_view value);
    void add(std::nullopt_t) {
        begin();
        text_ += "NULL";
    }
    template <typename T>
    void add(const std::optional<T>& value) {
        if (value) {
            add(*value);
        } else {
            add(std::nullopt);
        }
    }

    [[nodiscard]] std::string text() const { return text_ + '}'; }
    [[nodiscard]] bool is_empty() const noexcept { return text_.size() == 1; }

   private:
    void begin() {
        if (text_.size() > 1) text_ += ',';
    }
    std::string text_ = "{";
};

// The values of $1, $2, ... of one statement.
class Values {
   public:
    template <typename... Each>
    explicit Values(const Each&... each) {
        texts_.reserve(sizeof...(each));
        (add(each), ...);
    }
    [[nodiscard]] const std::vector<std::optional<std::string>>& texts() const noexcept {
        return texts_;
    }

   private:
    void add(bool value) { texts_.emplace_back(value ? "t" : "f"); }
    template <std::integral Integer>
    void add(Integer value) {
        texts_.emplace_back(std::to_string(value));
    }
    void add(std::string_view value) { texts_.emplace_back(value); }
    void add(const std::string& value) { texts_.emplace_back(value); }
    void add(const char* value) { texts_.emplace_back(value); }
    void add(const Array& array) { texts_.emplace_back(array.text()); }
    template <typename T>
    void add(const std::optional<T>& value) {
        if (value) {
            add(*value);
        } else {
            texts_.emplace_back(std::nullopt);
        }
    }

    std::vector<std::optional<std::string>> texts_;
};

}  // namespace orders::postgres

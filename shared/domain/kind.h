#pragma once

// What an order is about, as far as it decides which worker it is for: 1 to 32 of lower-case
// letters, digits, `_` and `-`. An order whose client names none is of the kind `default`.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orders {

class Kind {
   public:
    static constexpr std::size_t max_length = 32;
    // How many kinds one store knows at a time, `default` not counted.
    static constexpr std::size_t max_named = 63;

    // `default`.
    Kind() : name_("default") {}

    // Empty if the text breaks the rule above.
    [[nodiscard]] static std::optional<Kind> parse(std::string_view text);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool is_default() const noexcept { return name_ == "default"; }
    friend bool operator==(const Kind&, const Kind&) = default;
    friend auto operator<=>(const Kind&, const Kind&) = default;

   private:
    explicit Kind(std::string name) : name_(std::move(name)) {}
    std::string name_;
};

}  // namespace orders

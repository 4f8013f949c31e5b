#pragma once

// How much the benchmark does: all of it, or little of everything, to see that it works.

#include <chrono>
#include <optional>

namespace orders::bench {

struct Settings {
    bool is_quick = false;
    std::optional<int> given_rounds = {};
    std::optional<std::chrono::seconds> given_load_time = {};

    template <typename T>
    [[nodiscard]] T pick(T full, T quick) const {
        return is_quick ? quick : full;
    }
    // How often what is compared takes turns.
    [[nodiscard]] int rounds() const { return given_rounds.value_or(pick(3, 1)); }
    // How long one turn is under load.
    [[nodiscard]] std::chrono::seconds load_time() const {
        return given_load_time.value_or(std::chrono::seconds(pick(4, 1)));
    }
};

}  // namespace orders::bench

#pragma once

// Which kinds of orders the worker takes, by the settings that name them. Belongs to one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/domain/kind.h"

namespace orders {

class KindChoice {
   public:
    // A setting, such as `--webhook`, has something done with all orders of this kind. Throws
    // SettingsError if another one takes them already.
    void take(const std::string& setting, const Kind& kind);

    // What --simulate says: kinds; or `*`, alone, for all that no other setting takes; or `none`,
    // alone. No entry at all means `*` if no other setting takes any, else `none`. To be called
    // after take(). Throws SettingsError.
    void simulate(const std::vector<std::string>& entries);

    // Empty for none; without any kind for all that no other setting takes.
    [[nodiscard]] const std::optional<std::vector<Kind>>& simulated() const noexcept {
        return simulated_;
    }
    // Whether all orders are simulated only because no setting says anything else.
    [[nodiscard]] bool is_default() const noexcept { return is_default_; }

   private:
    std::map<Kind, std::string> taken_;  // by which setting
    std::optional<std::vector<Kind>> simulated_;
    bool is_default_ = false;
};

}  // namespace orders

#pragma once

// What is kept of a command's output, however much it writes: the beginning of its standard output,
// as the order's result, and the end of its standard error, which says why it failed. Plain values
// without locks.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "shared/domain/claim.h"
#include "shared/domain/json_text.h"

namespace orders {

class OutputBeginning {
   public:
    // No result can be larger.
    static constexpr std::size_t most_bytes = max_result_bytes;

    void add(std::string_view part) {
        const std::size_t room = most_bytes - bytes_.size();
        is_cut_ = is_cut_ || part.size() > room;
        bytes_ += part.substr(0, room);
    }

    // The output itself if it is JSON; nothing if there was none; else the output as a text:
    // {"output":"..."}, with "truncated":true behind it if a part is missing, and with U+FFFD in
    // the place of bytes that are not UTF-8.
    [[nodiscard]] JsonText as_result() const;

   private:
    std::string bytes_;
    bool is_cut_ = false;
};

class OutputEnd {
   public:
    static constexpr std::size_t most_bytes = 4'096;

    void add(std::string_view part) {
        part.remove_prefix(part.size() - std::min(part.size(), most_bytes));
        bytes_ += part;
        if (bytes_.size() > most_bytes) bytes_.erase(0, bytes_.size() - most_bytes);
    }

    // As much of its end as a detail may have, in whole characters of valid UTF-8, without white
    // space around it.
    [[nodiscard]] std::string as_detail() const;

   private:
    std::string bytes_;
};

}  // namespace orders

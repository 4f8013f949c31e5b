#pragma once

// The environment of a command: a short list that is the same wherever the worker runs, and what
// the operator passes through. Nothing in it is the client's own text but the order's id, kind and
// trace, whose characters are visible ASCII; the payload is on standard input.
//
//     PATH LANG                what the worker has, else /usr/local/bin:/usr/bin:/bin and C.UTF-8
//     ORDER_ID                 as its client named it
//     ORDER_KIND
//     ORDER_PRIORITY           High or Normal
//     ORDER_ATTEMPT            1 for the first
//     ORDER_TOKEN              grows with each attempt: whoever writes to something shared can keep
//                              the largest, and refuse what comes with a smaller one
//     ORDER_TIMEOUT_SECONDS    how long the attempt may take
//     ORDER_IDEMPOTENCY_KEY    the same for all attempts at the order, and for no other order ever
//     TRACEPARENT TRACESTATE   if its create had a trace (W3C Trace Context), as they came

#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/claim.h"

namespace orders {

class CommandEnvironment {
   public:
    // Reads the environment of this process, so before there are threads that may change it.
    explicit CommandEnvironment(const std::vector<std::string>& passed_through);

    // NAME=value for each. Any thread.
    [[nodiscard]] std::vector<std::string> for_order(const ClaimedOrder& order,
                                                     std::string_view idempotency_key) const;

    // Those of `passed_through` that are not set.
    [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

   private:
    std::vector<std::string> common_;
    std::vector<std::string> missing_;
};

// What is wrong with the name of a variable to be passed through, as the end of a sentence that
// begins with it; empty if it is fine.
[[nodiscard]] std::string fault_in_variable_name(std::string_view name);

}  // namespace orders

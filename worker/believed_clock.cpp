#include "worker/believed_clock.h"

#include <algorithm>

namespace orders {

BelievedClock::BelievedClock(const Moment& now, std::chrono::milliseconds span)
    : span_(span), believed_(now.utc.time_since_epoch() - now.since_boot) {}

UtcTime BelievedClock::read(const Moment& now) {
    const Setting setting = now.utc.time_since_epoch() - now.since_boot;
    if (later_ && now.since_boot - later_->since_boot >= span_) {
        believed_ = std::min(later_->setting, setting);
        later_.reset();
    }
    if (setting <= believed_) {
        believed_ = setting;
        later_.reset();
    } else if (later_) {
        later_->setting = std::min(later_->setting, setting);
    } else {
        later_ = {.setting = setting, .since_boot = now.since_boot};
    }
    behind_ = setting - believed_;
    return now.utc - behind_;
}

}  // namespace orders

#include "worker/processors/thrown.h"

#include <exception>

#include "shared/log/log.h"
#include "shared/text/reason.h"

namespace orders {

ProcessingResult result_of_exception(const ClaimedOrder& order) {
    constexpr const char* event = "processor threw an exception";
    try {
        throw;
    } catch (const std::exception& error) {
        log::error(event, {{"order_id", order.spec.order_id.text()},
                           {"detail", reason_of(error)},
                           {"trace_id", order.spec.trace_id()}});
    } catch (...) {
        log::error(event,
                   {{"order_id", order.spec.order_id.text()}, {"trace_id", order.spec.trace_id()}});
    }
    return Failure{failure_reason::processor_error};
}

}  // namespace orders

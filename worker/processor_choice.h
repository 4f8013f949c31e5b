#pragma once

// Has the orders' work done as the settings say.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "shared/metrics/work_figures.h"
#include "worker/processors/command/group_watcher.h"
#include "worker/processors/processors_by_kind.h"
#include "worker/settings.h"

namespace orders {

// What processors need besides their settings.
struct ProcessorSurroundings {
    std::string store_id;  // hexadecimal digits
    // See OrderProcessor::free_capacity(). Called from any thread.
    std::function<void()> on_capacity;
    // Of commands; null if there are none. It must outlive the processors.
    const GroupWatcher* watcher = nullptr;
    // What came of requests to webhooks is counted there.
    std::shared_ptr<WorkFigures> figures = std::make_shared<WorkFigures>();
};

// How many descriptors they may have open at a time.
[[nodiscard]] std::size_t descriptors_of_processors(const WorkerSettings& settings);

// Adds the processors that the settings ask for, and logs what they do with which kinds.
void add_chosen_processors(ProcessorsByKind& processors, const WorkerSettings& settings,
                           const ProcessorSurroundings& surroundings);

}  // namespace orders

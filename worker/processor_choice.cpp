#include "worker/processor_choice.h"

#include <memory>
#include <string>
#include <utility>

#include "shared/log/log.h"
#include "worker/processors/command/command_processor.h"
#include "worker/processors/simulated.h"
#include "worker/webhooks.h"

namespace orders {
namespace {

std::string listed(const std::vector<Kind>& kinds) {
    std::string text;
    for (const Kind& kind : kinds) text += (text.empty() ? "" : ",") + kind.name();
    return text;
}

void add_simulated(ProcessorsByKind& processors, const WorkerSettings& settings,
                   const std::vector<Kind>& kinds) {
    SimulatedOptions options{.time_unit = settings.time_unit,
                             .kinds = kinds,
                             .defaults = settings.limits.over({}),
                             .warns_of_work = settings.kinds.is_default()};
    if (settings.orders_at_once) options.orders = *settings.orders_at_once;
    if (!kinds.empty()) {
        log::info("simulating some kinds: no work is done", {{"kinds", listed(kinds)}});
    } else if (settings.kinds.is_default()) {
        log::info("simulating all kinds: no work is done");
    } else {
        log::info("simulating all kinds that nothing else takes: no work is done");
    }
    processors.add(std::make_unique<SimulatedProcessor>(std::move(options)));
}

CommandOptions command_options(const WorkerSettings& settings) {
    CommandOptions options{.programs = settings.commands.programs,
                           .passed_variables = settings.commands.passed_variables,
                           .retry_exits = settings.commands.retry_exits};
    if (settings.orders_at_once) options.most_at_once = *settings.orders_at_once;
    options.defaults = settings.limits.over(options.defaults);
    return options;
}

void add_commands(ProcessorsByKind& processors, const WorkerSettings& settings,
                  const ProcessorSurroundings& surroundings) {
    CommandOptions options = command_options(settings);
    options.store_id = surroundings.store_id;
    processors.add(std::make_unique<CommandProcessor>(std::move(options), *surroundings.watcher,
                                                      surroundings.on_capacity));
}

}  // namespace

std::size_t descriptors_of_processors(const WorkerSettings& settings) {
    std::size_t needed = 0;
    if (!settings.commands.programs.empty()) {
        // Two outputs and a process while a command runs; what it takes to start one, and the loop.
        constexpr std::size_t of_each_command = 3;
        constexpr std::size_t of_all_commands = 12;
        needed += of_all_commands + of_each_command * command_options(settings).most_at_once;
    }
    if (settings.webhooks) {
        // A webhook's connection, and two while its host's name is looked up.
        constexpr std::size_t of_each_webhook = 3;
        needed += of_each_webhook * settings.webhooks->max_orders;
    }
    return needed;
}

void add_chosen_processors(ProcessorsByKind& processors, const WorkerSettings& settings,
                           const ProcessorSurroundings& surroundings) {
    if (settings.webhooks) {
        WebhookOptions options = *settings.webhooks;
        options.store_id = surroundings.store_id;
        options.note_result = [figures = surroundings.figures](const Kind& kind,
                                                               WebhookResult result) {
            figures->note_webhook(kind.name(), result);
        };
        processors.add(make_webhook_processor(std::move(options), surroundings.on_capacity));
    }
    if (!settings.commands.programs.empty()) add_commands(processors, settings, surroundings);
    if (const auto& kinds = settings.kinds.simulated()) {
        add_simulated(processors, settings, *kinds);
    }
    if (processors.capacity() == 0) {
        log::warn("this worker takes no orders", {{"hint", "name kinds for it to take"}});
    }
}

}  // namespace orders

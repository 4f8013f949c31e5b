// Single orders read at random, against the HTTP library answering without looking for anything.

#include "tests/bench/drain.h"
#include "tests/bench/load_generator.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"

namespace orders::bench {

void measure_get(const Settings& settings, Report& report) {
    const int stored = settings.pick(100'000, 1'000);
    const IdRun ids = new_id_run(IdKind::time_ordered);
    const StoreDirectory directory;
    submit_orders(directory.location(), ids, stored);

    Load load{.script = "gets.lua",
              .arguments = script_arguments(ids),
              .connections = 64,
              .duration = settings.load_time()};
    load.arguments.push_back(std::to_string(stored));
    ServiceProcess api = start_api(directory.location());
    ServiceProcess reference = start_reference_server(load.connections);
    const auto run_at = [&load](int port) {
        load.port = port;
        return run_load(load).figures;  // throws if an order was not found
    };
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return run_at(api.port()); },
        [&] { return run_at(reference.port()); });
    api.stop();

    report.add(stock_server_line("get-64", comparison, 0.85));
}

}  // namespace orders::bench

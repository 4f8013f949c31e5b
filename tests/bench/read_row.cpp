// Single orders read at random, against the HTTP library answering without looking for anything.

#include "tests/bench/drain.h"
#include "tests/bench/load_generator.h"
#include "tests/bench/rows.h"
#include "tests/bench/service_process.h"
#include "tests/bench/turns.h"

namespace orders::bench {
namespace {

constexpr int connections = 64;

}  // namespace

OrdersToRead::OrdersToRead(const Settings& settings, const Build& build)
    : settings_(settings), build_(build), orders_(settings.pick(100'000, 1'000)) {
    submit_orders(directory_.location(), ids_, orders_, build_);
}

Figures OrdersToRead::read() const {
    ServiceProcess api = start_api(directory_.location(), build_);
    if (!settings_.is_quick) (void)read_at(api.port(), std::chrono::seconds(1));
    const Figures figures = read_at(api.port(), settings_.load_time());
    api.stop();
    return figures;
}

Figures OrdersToRead::read_at(int port, std::chrono::seconds duration) const {
    Load load{.script = "gets.lua",
              .arguments = script_arguments(ids_),
              .port = port,
              .connections = connections,
              .duration = duration};
    load.arguments.push_back(std::to_string(orders_));
    return run_load(load).figures;  // throws if an order was not found
}

void measure_get(const Settings& settings, Report& report) {
    const OrdersToRead orders(settings);
    ServiceProcess reference = start_reference_server(connections);
    const Comparison comparison = take_turns(
        settings.rounds(), [&] { return orders.read(); },
        [&] { return orders.read_at(reference.port(), settings.load_time()); });
    report.add(stock_server_line("get-64", comparison, 0.85));
}

}  // namespace orders::bench

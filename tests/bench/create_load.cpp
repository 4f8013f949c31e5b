#include "tests/bench/create_load.h"

namespace orders::bench {
namespace {

LoadResult run_creates(int port, const CreateLoad& load, const IdRun& ids) {
    std::vector<std::string> arguments = script_arguments(ids);
    arguments.push_back(std::to_string(load.payload_bytes));
    return run_load({.script = "creates.lua",
                     .arguments = std::move(arguments),
                     .port = port,
                     .connections = load.connections,
                     .duration = load.duration});
}

}  // namespace

LoadResult run_creates(int port, const CreateLoad& load) {
    return run_creates(port, load, new_id_run(load.ids));
}

LoadResult run_creates(int port, const CreateLoad& load, DeliveryAudit& audit) {
    const IdRun ids = new_id_run(load.ids);
    LoadResult result = run_creates(port, load, ids);
    audit.expect(ids, result);
    return result;
}

Figures creates_at(const std::string& location, const CreateLoad& load, const Settings& settings,
                   const Build& build, const Company& company) {
    ServiceProcess api = start_api(location, build);
    const auto stop_company = company(api);
    DeliveryAudit audit(location);
    if (!settings.is_quick) {
        CreateLoad warm_up = load;
        warm_up.duration = std::chrono::seconds(1);
        (void)run_creates(api.port(), warm_up, audit);
    }
    const Seconds user_time_before = api.user_time();
    LoadResult result = run_creates(api.port(), load, audit);
    result.figures.user_time =
        (api.user_time() - user_time_before) / static_cast<double>(result.answered);
    stop_company();
    api.stop();
    audit.check();
    return result.figures;
}

Figures creates_on_new_store(const CreateLoad& load, const Settings& settings, const Build& build,
                             const Company& company) {
    const StoreDirectory directory;
    const Figures figures = creates_at(directory.location(), load, settings, build, company);
    check_consistency(directory.location());
    return figures;
}

}  // namespace orders::bench

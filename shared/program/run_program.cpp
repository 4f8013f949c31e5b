#include "shared/program/run_program.h"

#include <signal.h>

#include <exception>
#include <string>

#include "shared/log/log.h"
#include "shared/log/log_line.h"
#include "shared/os/standard_descriptors.h"
#include "shared/program/settings_error.h"
#include "shared/storage/open_storage.h"
#include "shared/text/reason.h"

namespace orders {

namespace {

void say(const char* name, const std::exception& error) {
    log::print(std::string(name) + ": " + log::printable(reason_of(error)));
}

int exit_status_of(const StoreError& error) noexcept {
    return error.kind() == StoreError::Kind::replaced ? exit_store_replaced : exit_failure;
}

}  // namespace

int log_end_of_store(const StoreError& error) noexcept {
    const int status = exit_status_of(error);
    log::error(status == exit_store_replaced ? "the store was replaced" : "the store has failed",
               {{"detail", error.what()}, {"consequence", "this program ends"}});
    return status;
}

int run_program(const char* name, const std::function<int()>& program) {
    // A write beyond the limit on the size of files fails with an error; it should not also end the
    // process.
    ::signal(SIGXFSZ, SIG_IGN);
    try {
        open_standard_descriptors();
        own_standard_error();
        return program();
    } catch (const SettingsError& error) {
        say(name, error);
        return exit_bad_usage;
    } catch (const UnknownLocation& error) {
        say(name, SettingsError(std::string("--db, DATABASE_URL or DB_PATH: ") + error.what()));
        return exit_bad_usage;
    } catch (const StoreError& error) {  // its text carries the hint
        say(name, error);
        return exit_status_of(error);
    } catch (const std::exception& error) {
        say(name, error);
        return exit_failure;
    }
}

}  // namespace orders

#include "shared/program/run_program.h"

#include <cstdio>
#include <exception>
#include <string>

#include "shared/log/log_line.h"
#include "shared/program/settings_error.h"
#include "shared/storage/open_storage.h"

namespace orders {

namespace {

// In one write, so that no other process's line on the same terminal comes in between.
void say(const char* name, const std::exception& error) {
    const std::string line = std::string(name) + ": " + log::printable(error.what()) + "\n";
    std::fputs(line.c_str(), stderr);
}

}  // namespace

int run_program(const char* name, const std::function<int()>& program) {
    try {
        return program();
    } catch (const SettingsError& error) {
        say(name, error);
        return exit_bad_usage;
    } catch (const UnknownLocation& error) {
        say(name, SettingsError(std::string("--db or DB_PATH: ") + error.what()));
        return exit_bad_usage;
    } catch (const std::exception& error) {  // StoreError too: its text carries the hint
        say(name, error);
        return exit_failure;
    }
}

}  // namespace orders

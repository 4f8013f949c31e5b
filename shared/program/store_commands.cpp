#include "shared/program/store_commands.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "shared/os/steady_time.h"
#include "shared/program/print_line.h"
#include "shared/program/run_program.h"

namespace orders {
namespace {

constexpr const char* backup_word = "backup";
constexpr const char* verify_word = "verify";
constexpr const char* restore_word = "restore";

std::string size_and_time(std::int64_t bytes, SteadyTime begin) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    return std::to_string(bytes) + " bytes in " + std::to_string(took.count()) + " ms";
}

int back_up(Storage& storage, const std::string& file) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    const Backup backup = storage.back_up(file);
    print_line("copied " + std::to_string(backup.orders) + " orders to " + file + ": " +
               size_and_time(backup.bytes, begin));
    return exit_ok;
}

int restore(Storage& storage, const std::string& file) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    const Restored restored = storage.restore(file);
    print_line("restored " + std::to_string(restored.orders) + " orders from " + file + ": " +
               size_and_time(restored.bytes, begin));
    if (!restored.kept.empty()) print_line("what was there before is kept as " + restored.kept);
    return exit_ok;
}

int verify(Storage& storage) {
    const Verification result = storage.verify();
    for (const std::string& line : result.examples) print_line(line);
    if (result.findings > 0) {
        print_line("not sound: " + std::to_string(result.findings) +
                   (result.findings == 1 ? " finding" : " findings") +
                   "; stop all programs and put a sound backup in its place: restore FILE");
        return exit_failure;
    }
    std::int64_t orders = 0;
    for (const OrderStatus status : all_statuses) orders += result.orders[status];
    print_line("sound: " + std::to_string(orders) + " orders (" + counts_as_text(result.orders) +
               ")");
    return exit_ok;
}

}  // namespace

void declare_store_commands(SettingsReader& reader) {
    reader.command(backup_word,
                   "copies the orders to a new file, at any time; --db can open the copy", "FILE");
    reader.command(
        verify_word,
        "checks all that is stored, at any time; exits with 0 if it is sound, else with 1");
    reader.command(restore_word,
                   "puts a backup in the place of the orders, which are kept beside it; stop all "
                   "programs first",
                   "FILE");
}

std::optional<int> run_store_command(const SettingsReader& reader, Storage& storage) {
    if (reader.given_command() == backup_word) return back_up(storage, reader.given_argument());
    if (reader.given_command() == verify_word) return verify(storage);
    if (reader.given_command() == restore_word) return restore(storage, reader.given_argument());
    return std::nullopt;
}

}  // namespace orders

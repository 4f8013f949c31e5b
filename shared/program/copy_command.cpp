#include "shared/program/copy_command.h"

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <memory>
#include <sstream>
#include <string>

#include "shared/os/steady_time.h"
#include "shared/program/print_line.h"
#include "shared/program/run_program.h"
#include "shared/storage/copying/copy_orders.h"
#include "shared/storage/open_storage.h"

namespace orders {
namespace {

constexpr const char* copy_word = "copy";
constexpr const char* reopen_word = "reopen";
constexpr std::chrono::seconds between_lines{5};

std::unique_ptr<Storage> open(const std::string& flag, const std::string& location) {
    if (shows_password(location)) {
        throw SettingsError(flag +
                            ": others can read a password on a command line; put it into the file "
                            "that PGPASSFILE names");
    }
    try {
        return open_storage(location);
    } catch (const UnknownLocation& error) {
        throw SettingsError(flag + ": " + error.what());
    }
}

// A line every now and then.
class ProgressLines {
   public:
    void operator()(const CopyProgress& progress) {
        const SteadyTime now = std::chrono::steady_clock::now();
        if (now < next_) return;
        next_ = now + between_lines;
        print_line(words_for(progress.step) + " " + std::to_string(progress.done) + " of " +
                   std::to_string(progress.of) + " orders");
    }

   private:
    static std::string words_for(CopyProgress::Step step) {
        switch (step) {
            case CopyProgress::Step::copying:
                return "copied";
            case CopyProgress::Step::checking_source:
                return "checked at the source:";
            case CopyProgress::Step::checking_target:
                return "checked at the target:";
        }
        return "";
    }
    SteadyTime next_ = std::chrono::steady_clock::now() + between_lines;
};

std::string hexadecimal(std::uint64_t number) {
    std::ostringstream text;
    text << std::hex << std::setfill('0') << std::setw(16) << number;
    return text.str();
}

void print_result(const CopyResult& result, const std::string& from, const std::string& to,
                  std::chrono::milliseconds took) {
    if (result.was_finished) {
        print_line("the orders of " + from + " are in " + to + " since an earlier copy");
        return;
    }
    std::int64_t orders = 0;
    for (const OrderStatus status : all_statuses) orders += result.orders[status];
    const std::int64_t before = orders - result.copied;
    print_line("copied " + std::to_string(result.copied) + " orders from " + from + " to " + to +
               " in " + std::to_string(took.count()) + " ms" +
               (before > 0 ? "; " + std::to_string(before) + " were there before" : ""));
    print_line("sound, and the same at both ends: " + counts_as_text(result.orders) +
               ", checksum " + hexadecimal(result.checksum));
}

}  // namespace

CopyCommand::CopyCommand(SettingsReader& reader)
    : reader_(reader),
      from_([&] {
          reader.command(
              copy_word,
              "moves all orders to an empty store, from a file to a PostgreSQL database or back; "
              "stop all programs first: it is refused while one has the source open, but one "
              "behind "
              "a pooler, or with an application_name of its own, is noticed only when it writes, "
              "which ends it; killed or failed, the same command again goes on from there");
          return reader.command_flag(copy_word, "from", "STORE");
      }()),
      to_(reader.command_flag(copy_word, "to", "STORE")) {
    reader.command(reopen_word,
                   "lets programs open the source of a copy again, as it was; make sure that none "
                   "runs on its copy, or orders are done twice");
}

int CopyCommand::copy() const {
    if (reader_.is_on_command_line("db")) {
        throw SettingsError("copy takes --from and --to, not --db");
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto source = open("--from", from_.value());
    const auto target = open("--to", to_.value());
    const std::string from = source->describe();
    const std::string to = target->describe();
    if (from == to) throw SettingsError("--from and --to name the same store");
    const auto source_end = source->open_copy_end(CopyRole::source);
    const auto target_end = target->open_copy_end(CopyRole::target);
    const CopyResult result = copy_orders({*source_end, from}, {*target_end, to}, ProgressLines());
    print_result(result, from, to,
                 std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::steady_clock::now() - begin));
    print_line("start the programs with " + to + "; they do not open " + from +
               " any more, unless order-api reopen --db " + from + " takes it back as it was");
    return exit_ok;
}

std::optional<int> CopyCommand::run(const CommonSettings& settings) const {
    if (reader_.given_command() == copy_word) return copy();
    if (reader_.given_command() != reopen_word) return std::nullopt;
    const auto storage = open_storage(settings.store_location);
    const std::string name = storage->describe();
    const auto end = storage->open_copy_end(CopyRole::source);
    reopen({*end, name});
    print_line("programs may open " + name + " again; its orders are as they were before the copy");
    return exit_ok;
}

}  // namespace orders

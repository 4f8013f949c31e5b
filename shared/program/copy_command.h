#pragma once

// The commands that move orders from one store to another, as copying/copy_orders.h says:
// `copy --from STORE --to STORE`, and `reopen`, which takes the source of one back. They print what
// they did to standard output, and how far they are.

#include <optional>

#include "shared/program/common_settings.h"
#include "shared/program/settings_reader.h"

namespace orders {

class CopyCommand {
   public:
    // Declares the commands. The reader must outlive this.
    explicit CopyCommand(SettingsReader& reader);

    // Once the reader has parsed: runs the command that it was given and returns its exit status;
    // empty if it is none of these. Throws SettingsError, StoreError, and std::runtime_error if it
    // cannot print.
    [[nodiscard]] std::optional<int> run(const CommonSettings& settings) const;

   private:
    [[nodiscard]] int copy() const;

    const SettingsReader& reader_;
    Setting<std::string> from_;
    Setting<std::string> to_;
};

}  // namespace orders

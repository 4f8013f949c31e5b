#pragma once

// The commands that both programs offer for the store that they would use: `backup FILE` copies it,
// `verify` checks it, `restore FILE` puts a copy in its place; shared/storage/maintenance.h says
// how. Each prints what it did or found to standard output.

#include <optional>

#include "shared/program/settings_reader.h"
#include "shared/storage/open_storage.h"

namespace orders {

void declare_store_commands(SettingsReader& reader);

// Runs the command that the reader was given and returns its exit status: exit_failure also if the
// store is not sound. Empty if the command is none of these, or there is none. Throws StoreError,
// and std::runtime_error if it cannot print.
[[nodiscard]] std::optional<int> run_store_command(const SettingsReader& reader, Storage& storage);

}  // namespace orders

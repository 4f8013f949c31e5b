#pragma once

// What the operator sets of webhooks, by flag and environment variable, as texts: webhooks.h makes
// sense of them, if this program has webhooks.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/program/settings_reader.h"

namespace orders {

struct WebhookSettings {
    std::vector<KindEntry> urls;
    std::optional<std::string> file;  // more of them
    std::vector<KindEntry> secret_files;
    std::optional<std::string> secrets;  // KIND=SECRET[ SECRET]..., with commas in between
    std::size_t max_in_flight;           // per kind
    std::string failure_statuses;
    std::optional<std::string> ca_file;
    std::optional<std::string> proxy;

    [[nodiscard]] bool are_given() const noexcept { return !urls.empty() || file.has_value(); }
};

// As errors name the settings.
namespace webhook_setting {
inline constexpr char url[] = "--webhook (SERVICE_WEBHOOKS)";
inline constexpr char file[] = "--webhook-file (SERVICE_WEBHOOK_FILE)";
inline constexpr char secret_file[] = "--webhook-secret-file (SERVICE_WEBHOOK_SECRET_FILE)";
inline constexpr char secrets[] = "SERVICE_WEBHOOK_SECRETS";
inline constexpr char failure_statuses[] =
    "--webhook-failure-statuses (SERVICE_WEBHOOK_FAILURE_STATUSES)";
inline constexpr char ca_file[] = "--webhook-ca (SERVICE_WEBHOOK_CA)";
inline constexpr char proxy[] = "--webhook-proxy (SERVICE_WEBHOOK_PROXY)";
}  // namespace webhook_setting

// Declares them at its construction; values() is for after parse().
class WebhookSettingsReader {
   public:
    explicit WebhookSettingsReader(SettingsReader& reader);
    [[nodiscard]] WebhookSettings values() const;

   private:
    Setting<std::vector<KindEntry>> urls_;
    Setting<std::optional<std::string>> file_;
    Setting<std::vector<KindEntry>> secret_files_;
    Setting<std::optional<std::string>> secrets_;
    Setting<std::int64_t> max_in_flight_;
    Setting<std::string> failure_statuses_;
    Setting<std::optional<std::string>> ca_file_;
    Setting<std::optional<std::string>> proxy_;
};

}  // namespace orders

#include "worker/webhook_settings.h"

namespace orders {

WebhookSettingsReader::WebhookSettingsReader(SettingsReader& reader)
    : urls_(reader.by_kind({"webhook", "SERVICE_WEBHOOKS",
                            "where the orders of a kind are sent to, an http or https URL"},
                           "URL")),
      file_(reader.optional_text({"webhook-file", "SERVICE_WEBHOOK_FILE",
                                  "a file with more of them, KIND URL on each line; a line that "
                                  "begins with # is a comment"})),
      secret_files_(reader.by_kind(
          {"webhook-secret-file", "SERVICE_WEBHOOK_SECRET_FILE",
           "a file with the secrets that a kind's webhooks are signed with, one per line, newest "
           "first"},
          "FILE")),
      secrets_(reader.secret({"SERVICE_WEBHOOK_SECRETS",
                              "the secrets themselves: KIND=whsec_..., blanks between those of one "
                              "kind, a comma before the next kind",
                              "webhooks that are not signed"})),
      max_in_flight_(reader.integer({"webhook-max-in-flight", "SERVICE_WEBHOOK_MAX_IN_FLIGHT",
                                     "how many orders of one kind are sent at a time"},
                                    64, {1, 10'000, "orders"})),
      failure_statuses_(reader.text(
          {"webhook-failure-statuses", "SERVICE_WEBHOOK_FAILURE_STATUSES",
           "the answers that say an order is wrong, which is then Failed; after all others but 2xx "
           "it is tried again; `none` is none"},
          "400,413,422")),
      ca_file_(reader.optional_text(
          {"webhook-ca", "SERVICE_WEBHOOK_CA",
           "a file with the certificates (PEM) of the authorities that are trusted for https; "
           "without it the system's are"})),
      proxy_(reader.optional_text({"webhook-proxy", "SERVICE_WEBHOOK_PROXY",
                                   "the proxy through which webhooks are sent, an http URL"})) {}

WebhookSettings WebhookSettingsReader::values() const {
    return {.urls = urls_.value(),
            .file = file_.value(),
            .secret_files = secret_files_.value(),
            .secrets = secrets_.value(),
            .max_in_flight = static_cast<std::size_t>(max_in_flight_.value()),
            .failure_statuses = failure_statuses_.value(),
            .ca_file = ca_file_.value(),
            .proxy = proxy_.value()};
}

}  // namespace orders

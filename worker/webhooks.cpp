#include "worker/webhooks.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "shared/log/log.h"
#include "shared/os/loopback.h"
#include "shared/program/line_file.h"
#include "shared/program/settings_error.h"
#include "shared/text/ascii.h"
#include "worker/processors/webhook/authorities.h"
#include "worker/processors/webhook/webhook_processor.h"

namespace orders {
namespace {

using SecretsByKind = std::map<Kind, std::vector<WebhookSecret>>;

[[noreturn]] void fail(const std::string& source, const std::string& why) {
    throw SettingsError(source + ": " + why);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!(text = ascii::trimmed(text)).empty()) {
        const std::size_t end = std::min(text.find_first_of(ascii::blanks), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

// The URL is not quoted: it may hold what is secret.
void add_target(std::vector<WebhookTarget>& targets, const std::string& source, const Kind& kind,
                const std::string& url) {
    if (std::ranges::find(targets, kind, &WebhookTarget::kind) != targets.end()) {
        fail(source, "the kind " + kind.name() + " has a webhook already");
    }
    auto parsed = WebhookUrl::parse(url);
    if (const auto* const fault = std::get_if<std::string>(&parsed)) {
        fail(source, "the URL for the kind " + kind.name() + " " + *fault);
    }
    targets.push_back({kind, std::get<WebhookUrl>(std::move(parsed))});
}

void add_targets_of_file(std::vector<WebhookTarget>& targets, const std::string& file) {
    const auto lines = read_line_file(webhook_setting::file, file);
    if (lines.empty()) fail(webhook_setting::file, "the file has no webhook");
    for (const FileLine& line : lines) {
        const auto words = words_of(line.text);
        const auto kind = Kind::parse(words.front());
        if (words.size() != 2 || !kind) {
            fail(line.source, "it must be a kind of orders, a blank and a URL");
        }
        add_target(targets, line.source, *kind, std::string(words.back()));
    }
}

void add_secret(SecretsByKind& secrets, const std::string& source, const Kind& kind,
                std::string_view text) {
    constexpr std::size_t most_secrets = 10;
    const auto secret = WebhookSecret::parse(text);
    if (!secret) {
        fail(source, "a secret for the kind " + kind.name() +
                         " is not whsec_ and the base64 of 24 to 64 bytes");
    }
    auto& of_kind = secrets[kind];
    if (of_kind.size() == most_secrets) {
        fail(source, "the kind " + kind.name() + " has more than 10 secrets");
    }
    of_kind.push_back(*secret);
}

void add_secrets_of_file(SecretsByKind& secrets, const Kind& kind, const std::string& file) {
    const auto lines = read_line_file(webhook_setting::secret_file, file);
    if (lines.empty()) fail(webhook_setting::secret_file, "the file has no secret");
    for (const FileLine& line : lines) add_secret(secrets, line.source, kind, line.text);
}

void add_secrets_of_text(SecretsByKind& secrets, const std::string& text) {
    for (const std::string& entry : split_before_kinds(text)) {
        const auto parsed =
            parse_kind_entry(std::string(ascii::trimmed(entry, ascii::white_space)));
        if (!parsed) {
            fail(webhook_setting::secrets,
                 "an entry is not KIND=SECRET, with blanks between the "
                 "secrets of one kind and a comma before the next kind");
        }
        if (secrets.contains(parsed->kind)) {
            fail(webhook_setting::secrets,
                 "the kind " + parsed->kind.name() + " has secrets already");
        }
        for (const std::string_view word : words_of(parsed->value)) {
            add_secret(secrets, webhook_setting::secrets, parsed->kind, word);
        }
    }
}

void give_secrets(std::vector<WebhookTarget>& targets, const WebhookSettings& settings) {
    SecretsByKind secrets;
    for (const auto& [kind, file] : settings.secret_files) add_secrets_of_file(secrets, kind, file);
    if (settings.secrets) add_secrets_of_text(secrets, *settings.secrets);
    for (auto& [kind, of_kind] : secrets) {
        const auto target = std::ranges::find(targets, kind, &WebhookTarget::kind);
        if (target == targets.end()) {
            const bool is_in_file =
                std::ranges::find(settings.secret_files, kind, &KindEntry::kind) !=
                settings.secret_files.end();
            fail(is_in_file ? webhook_setting::secret_file : webhook_setting::secrets,
                 "there is no webhook for the kind " + kind.name());
        }
        target->secrets = std::move(of_kind);
    }
}

FailureStatuses parse_statuses(const std::string& text) {
    FailureStatuses statuses;
    if (ascii::equals_ignoring_case(text, "none")) return statuses;
    for (const std::string& part : split_at_commas(text)) {
        const auto status = ascii::parse_whole_number(ascii::trimmed(part), 400, 599);
        if (!status) {
            fail(webhook_setting::failure_statuses,
                 "it must be none, or numbers from 400 to 599 with commas in between");
        }
        statuses.insert(*status);
    }
    return statuses;
}

std::string parse_proxy(const std::string& text) {
    const auto parsed = WebhookUrl::parse(text);
    const auto* const url = std::get_if<WebhookUrl>(&parsed);
    if (url == nullptr || url->is_encrypted()) {
        fail(webhook_setting::proxy, "it must be an http URL, such as http://proxy:3128");
    }
    return text;
}

std::string authorities(const WebhookSettings& settings,
                        const std::vector<WebhookTarget>& targets) {
    if (settings.ca_file) {
        if (has_certificates(*settings.ca_file)) return *settings.ca_file;
        fail(webhook_setting::ca_file, "there are no certificates in PEM in the file");
    }
    std::string file = system_authorities();
    const bool is_needed = std::ranges::any_of(
        targets, [](const WebhookTarget& target) { return target.url.is_encrypted(); });
    if (is_needed && !has_certificates(file)) {
        fail(webhook_setting::url,
             "https needs the certificates of authorities, and the system "
             "has none in " +
                 file + ": install ca-certificates, or name a file with --webhook-ca");
    }
    return file;
}

void log_target(const WebhookTarget& target) {
    log::info("orders go to a webhook", {{"kind", target.kind.name()},
                                         {"endpoint", target.url.origin()},
                                         {"secrets", target.secrets.size()}});
    if (target.url.is_encrypted() || is_loopback(target.url.host())) return;
    log::warn("orders go to a webhook in the clear",
              {{"kind", target.kind.name()},
               {"endpoint", target.url.origin()},
               {"consequence", "whoever is in between can read them"},
               {"hint", "use https, or a proxy on this machine"}});
}

void warn_if_unsigned(const std::vector<WebhookTarget>& targets) {
    std::string kinds;
    for (const WebhookTarget& target : targets) {
        if (target.secrets.empty()) kinds += (kinds.empty() ? "" : ",") + target.kind.name();
    }
    if (kinds.empty()) return;
    log::warn("webhooks are not signed",
              {{"kinds", kinds},
               {"consequence", "their receivers cannot tell them from what others send"},
               {"hint", "set SERVICE_WEBHOOK_SECRETS or --webhook-secret-file"}});
}

}  // namespace

WebhookOptions webhook_options(const WebhookSettings& settings) {
    WebhookOptions options{.targets = {},
                           .max_orders_per_target = settings.max_in_flight,
                           .failure_statuses = parse_statuses(settings.failure_statuses),
                           .user_agent = "order-worker/" ORDERS_VERSION};
    for (const auto& [kind, url] : settings.urls) {
        add_target(options.targets, webhook_setting::url, kind, url);
    }
    if (settings.file) add_targets_of_file(options.targets, *settings.file);
    give_secrets(options.targets, settings);
    options.ca_file = authorities(settings, options.targets);
    if (settings.proxy) options.proxy = parse_proxy(*settings.proxy);
    for (const auto& [kind, file] : settings.secret_files) options.secret_files.push_back(file);
    return options;
}

std::unique_ptr<OrderProcessor> make_webhook_processor(WebhookOptions options,
                                                       std::function<void()> on_capacity) {
    for (const WebhookTarget& target : options.targets) log_target(target);
    warn_if_unsigned(options.targets);
    for (const std::string& file : options.secret_files) {
        warn_if_open_to_others(webhook_setting::secret_file, file, "secrets");
    }
    return std::make_unique<WebhookProcessor>(std::move(options), std::move(on_capacity));
}

}  // namespace orders

// What an operator can set wrong of webhooks: each ends the program with 2 and one line that names
// the setting, and quotes no secret.

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/order_processes.h"
#include "tests/support/program_run.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

using Flags = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

constexpr const char* secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

class Place {
   public:
    [[nodiscard]] std::string file(const std::string& contents) {
        std::string path = directory_.file("file" + std::to_string(++files_));
        std::ofstream(path) << contents;
        return path;
    }
    // The worker must not start with these.
    void refuses(const Flags& flags, const Environment& environment,
                 const std::vector<std::string>& words) {
        Environment all = environment;
        all["DB_PATH"] = directory_.file("orders.db");
        const Run refused = run(worker_program(), flags, all);
        check_refused(refused, 2, words);
        if (refused.error_lines.empty()) return;
        for (const char* const hidden : {"s3cret", "whsec_AAEC"}) {
            CHECK_MESSAGE(refused.error_lines[0].find(hidden) == std::string::npos,
                          refused.error_lines[0]);
        }
    }

   private:
    TempDir directory_;
    int files_ = 0;
};

}  // namespace

TEST_CASE("webhook_settings: what is no webhook is refused") {
    Place place;
    for (const char* wrong :
         {"mail", "mail=", "=http://[::1]/", "Mail=http://[::1]/", "http://[::1]/a"}) {
        CAPTURE(wrong);
        place.refuses({"--webhook", wrong}, {}, {"--webhook"});
        place.refuses({}, {{"SERVICE_WEBHOOKS", wrong}}, {"SERVICE_WEBHOOKS"});
    }
    place.refuses({"--webhook", "mail=example.com"}, {},
                  {"--webhook", "the kind mail", "is not a URL such as"});
    place.refuses({"--webhook", "mail=ftp://example.com/"}, {}, {"--webhook", "scheme ftp"});
    place.refuses({"--webhook", "mail=https://ann:s3cret@example.com/"}, {},
                  {"--webhook", "name or password"});
}

TEST_CASE("webhook_settings: a kind has one webhook") {
    Place place;
    const std::string mail = "mail=http://[::1]/";
    place.refuses({"--webhook", mail, "--webhook", mail}, {}, {"--webhook", "mail"});
    place.refuses({"--webhook", mail, "--webhook-file", place.file("mail http://[::1]/\n")}, {},
                  {"--webhook-file", "line 1", "mail"});
    place.refuses({"--webhook", mail, "--simulate", "mail"}, {}, {"mail"});
}

TEST_CASE("webhook_settings: the line of a file that is wrong is named") {
    Place place;
    for (const char* wrong : {"mail", "mail=http://[::1]/", "mail http://[::1]/ more",
                              "Mail http://[::1]/", "mail ftp://s3cret/"}) {
        CAPTURE(wrong);
        place.refuses({"--webhook-file", place.file("# ours\n\n" + std::string(wrong) + "\n")}, {},
                      {"--webhook-file", "line 3"});
    }
    place.refuses({"--webhook-file", place.file("# none\n")}, {}, {"--webhook-file", "no webhook"});
    place.refuses({"--webhook-file", "/missing/s3cret"}, {},
                  {"--webhook-file", "cannot be read: No such file"});
}

TEST_CASE("webhook_settings: a secret that is malformed or for nobody is refused, and not quoted") {
    Place place;
    const Flags mail{"--webhook", "mail=http://[::1]/"};
    const std::string good = secret;
    for (const std::string& wrong :
         {std::string("s3cret"), good, "mail=" + good + "s3cret", std::string("mail=whsec_s3cret"),
          "mail=" + good + "," + good, "mail=" + good + " s3cret", "sms=" + good,
          "mail=" + good + ",mail=" + good, std::string("")}) {
        CAPTURE(wrong);
        place.refuses(mail, {{"SERVICE_WEBHOOK_SECRETS", wrong}}, {"SERVICE_WEBHOOK_SECRETS"});
    }
    const auto with_file = [&](const std::string& entry) {
        Flags flags = mail;
        flags.insert(flags.end(), {"--webhook-secret-file", entry});
        return flags;
    };
    place.refuses(with_file("mail=" + place.file("\n" + good.substr(0, 30) + "\n")), {},
                  {"--webhook-secret-file", "line 2"});
    place.refuses(with_file("mail=" + place.file("")), {}, {"--webhook-secret-file", "no secret"});
    place.refuses(with_file("mail=/missing"), {}, {"--webhook-secret-file", "cannot be read"});
    place.refuses(with_file("sms=" + place.file(good)), {},
                  {"--webhook-secret-file", "no webhook for the kind sms"});
    place.refuses(with_file("mail=" + place.file(good)),
                  {{"SERVICE_WEBHOOK_SECRETS", "mail=" + good}}, {"SERVICE_WEBHOOK_SECRETS"});
}

TEST_CASE("webhook_settings: what else does not fit is refused") {
    Place place;
    const auto with = [](const std::string& flag, const std::string& value) {
        return Flags{"--webhook", "mail=http://[::1]/", flag, value};
    };
    for (const char* wrong : {"399", "600", "400,", "400,abc", "200", "400 413"}) {
        place.refuses(with("--webhook-failure-statuses", wrong), {},
                      {"--webhook-failure-statuses"});
    }
    for (const char* wrong : {"0", "10001", "many"}) {
        place.refuses(with("--webhook-max-in-flight", wrong), {}, {"--webhook-max-in-flight"});
    }
    for (const char* wrong : {"proxy:3128", "https://proxy:3128", "socks5://proxy"}) {
        place.refuses(with("--webhook-proxy", wrong), {}, {"--webhook-proxy"});
    }
    place.refuses(with("--webhook-ca", "/missing"), {}, {"--webhook-ca", "certificates"});
    place.refuses(with("--webhook-ca", place.file("no certificate\n")), {}, {"--webhook-ca"});
}

}  // namespace orders::test

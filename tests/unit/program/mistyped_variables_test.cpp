// Which variables of the environment are taken for mistyped settings, and which are left in peace.

#include "shared/program/mistyped_variables.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace orders {
namespace {

const std::vector<std::string> known{"API_PORT",        "API_HOST",        "API_TOKENS",
                                     "API_TOKENS_FILE", "DB_PATH",         "DB_LOG_LEVEL",
                                     "LOG_FORMAT",      "API_MIN_FREE_MB", "SERVICE_LEASE_SECONDS"};

// What it is taken for; empty if it is not taken for a setting.
std::string meant_by(const std::string& name) {
    const std::string entry = name + "=whatever";
    const char* const environment[] = {"HOME=/root", entry.c_str(), "DB_PATH=orders.db", nullptr};
    const auto found = mistyped_variables(known, environment);
    if (found.empty()) return {};
    CHECK(found.size() == 1);
    CHECK(found[0].given == name);
    return found[0].meant;
}

}  // namespace

TEST_CASE("mistyped_variables: a typing error is recognised, and the nearest setting is named") {
    struct Case {
        std::string given;
        std::string meant;
    };
    for (const Case& typed :
         {Case{"API_TOKEN", "API_TOKENS"}, Case{"API_TOKENSS", "API_TOKENS"},
          Case{"API_TOKENS_FILES", "API_TOKENS_FILE"}, Case{"API_TOKEN_FILE", "API_TOKENS_FILE"},
          Case{"API_TOKENFILE", "API_TOKENS_FILE"}, Case{"API_PROT", "API_PORT"},
          Case{"API_PORTS", "API_PORT"}, Case{"API_HOSt", "API_HOST"}, Case{"db_path", "DB_PATH"},
          Case{"DB_PAHT", "DB_PATH"}, Case{"DB_LOGLEVEL", "DB_LOG_LEVEL"},
          Case{"LOG_FORMATS", "LOG_FORMAT"}, Case{"API_MIN_FREE_GB", "API_MIN_FREE_MB"},
          Case{"SERVICE_LEASE_SECOND", "SERVICE_LEASE_SECONDS"},
          Case{"SERVICE_LAESE_SECOND", "SERVICE_LEASE_SECONDS"}}) {
        CAPTURE(typed.given);
        CHECK(meant_by(typed.given) == typed.meant);
    }
}

TEST_CASE("mistyped_variables: what is further away, or of another family, is left in peace") {
    for (const char* const name :
         {"API_KEY",  "API_URL", "API_ROOT",      "API_PATH",     "API_VERSION", "DB_PASS",
          "DB_HOST",  "DB_NAME", "DB_USER",       "LOG_LEVEL",    "LOG_FILE",    "APP_PORT",
          "APP_HOST", "PORT",    "DBPATH",        "XDB_PATH",     "API",         "API_",
          "_",        "SERVICE", "SERVICE_LEASE", "API_PORT_8080"}) {
        CAPTURE(name);
        CHECK(meant_by(name).empty());
    }
}

TEST_CASE(
    "mistyped_variables: settings themselves and an empty environment are nothing to report") {
    for (const std::string& name : known) CHECK(meant_by(name).empty());
    const char* const nothing[] = {nullptr};
    CHECK(mistyped_variables(known, nothing).empty());
    CHECK(mistyped_variables({}, nothing).empty());
    const char* const odd[] = {"", "=", "=x", "no_sign", nullptr};
    CHECK(mistyped_variables(known, odd).empty());
}

}  // namespace orders

#include "shared/storage/postgres/errors.h"

#include <array>

namespace orders::postgres {
namespace {

using Kind = StoreError::Kind;
using Cure = StoreError::Cure;

struct Meaning {
    std::string_view sqlstates;  // begin with this
    Kind kind;
    Cure cure;
    std::string_view hint;
};

// The first that fits counts.
constexpr std::array meanings{
    Meaning{closed, Kind::unusable, Cure::restart,
            "start the programs where the orders are, or will be"},
    Meaning{"53100", Kind::full, Cure::time, "make room on the server's disk"},
    Meaning{"25006", Kind::busy, Cure::time,
            "this server takes no writes: it is a standby, or was set to read-only"},
    Meaning{"53", Kind::busy, Cure::time, "the server lacks connections or memory"},
    Meaning{"55P03", Kind::busy, Cure::time, "somebody holds a lock on the orders"},
    Meaning{"57014", Kind::busy, Cure::time, "somebody holds a lock on the orders"},
    Meaning{"40", Kind::busy, Cure::time, ""},
    Meaning{"28", Kind::unusable, Cure::restart,
            "check user and password: in the URL, PGPASSFILE, or pg_hba.conf"},
    Meaning{untrusted, Kind::unusable, Cure::restart,
            "check sslmode in the URL, and the certificates of both sides"},
    Meaning{"3D000", Kind::unusable, Cure::restart, "create the database first"},
    Meaning{"42501", Kind::unusable, Cure::restart,
            "the user must own the schema orders, or be granted its tables"},
    Meaning{"42", Kind::unusable, Cure::restart, "the schema is not this program's"},
    Meaning{"3F", Kind::unusable, Cure::restart, "the schema is not this program's"},
    Meaning{"XX", Kind::damaged, Cure::restart, "check the server's disk and log"},
    Meaning{"", Kind::busy, Cure::time, ""},
};

}  // namespace

bool ServerError::is_connection_lost() const noexcept {
    return sqlstate_.empty() || sqlstate_.starts_with("08") || sqlstate_.starts_with("57P");
}

bool ServerError::is_conflict() const noexcept {
    return sqlstate_ == "40P01" || sqlstate_ == "40001";
}

bool ServerError::is_statement_lost() const noexcept {
    return sqlstate_ == "26000" || sqlstate_ == "42P05";
}

StoreError to_store_error(const ServerError& error, std::string_view operation) {
    if (error.is_connection_lost()) {
        return {Kind::unreachable, Cure::time, operation, error.what(), "is the server there?"};
    }
    for (const Meaning& meaning : meanings) {
        if (!error.sqlstate().starts_with(meaning.sqlstates)) continue;
        return {meaning.kind, meaning.cure, operation, error.what(), meaning.hint};
    }
    return unusable(operation, error.what());
}

}  // namespace orders::postgres

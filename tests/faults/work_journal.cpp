#include "tests/faults/work_journal.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace orders::test {
namespace {

std::string attempt_text(const std::string& order_id, int attempt, std::int64_t token) {
    return order_id + " attempt " + std::to_string(attempt) + " token " + std::to_string(token);
}

std::string claims_sql(const std::string& kind) {
    return "SELECT h.order_id || ' attempt ' || new_attempts || ' token ' || new_token"
           " FROM history h JOIN orders o ON o.seq = h.seq JOIN kinds k ON k.id = o.kind"
           " WHERE old_status = 0 AND new_status = 1 AND k.name = '" +
           kind + "'";
}

// `ID TOKEN` of those that have ended so.
std::string ended_sql(const std::string& kind, int status) {
    return "SELECT order_id || ' ' || lease_token FROM orders o JOIN kinds k ON k.id = o.kind"
           " WHERE k.name = '" +
           kind + "' AND status = " + std::to_string(status) + " AND failure IS NOT 'timeout'";
}

std::set<std::string> without(std::set<std::string> all, const std::set<std::string>& some) {
    for (const std::string& one : some) all.erase(one);
    return all;
}

std::set<std::string> with_falling_tokens(const WorkJournal& journal, const ClientLog& clients) {
    struct Tokens {
        std::int64_t smallest;
        std::int64_t largest;
    };
    std::map<std::string, std::map<int, Tokens>> orders;
    for (const WorkDone& work : journal) {
        if (clients.retried.contains(work.order_id)) continue;
        Tokens& tokens =
            orders[work.order_id]
                .emplace(work.attempt, Tokens{.smallest = work.token, .largest = work.token})
                .first->second;
        tokens.smallest = std::min(tokens.smallest, work.token);
        tokens.largest = std::max(tokens.largest, work.token);
    }
    std::set<std::string> falling;
    for (const auto& [id, attempts] : orders) {
        std::int64_t before = 0;
        for (const auto& [attempt, tokens] : attempts) {
            if (tokens.smallest <= before) falling.insert(id);
            before = tokens.largest;
        }
    }
    return falling;
}

}  // namespace

WorkJournal read_journal(const std::string& file) {
    WorkJournal journal;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        WorkDone work;
        std::istringstream(line) >> work.order_id >> work.attempt >> work.token >> work.outcome;
        journal.push_back(std::move(work));
    }
    return journal;
}

Findings unearned_ends(const std::string& database, const std::string& kind,
                       const WorkJournal& journal, const ClientLog& clients) {
    std::map<std::string, std::set<std::string>> said;  // by outcome
    std::set<std::string> attempts;
    for (const WorkDone& work : journal) {
        said[work.outcome].insert(work.order_id + " " + std::to_string(work.token));
        attempts.insert(attempt_text(work.order_id, work.attempt, work.token));
    }
    Findings findings;
    add_finding(findings, kind + ": Processed, and not done",
                without(stored_values(database, ended_sql(kind, 2)), said["done"]));
    add_finding(findings, kind + ": Failed, and not refused",
                without(stored_values(database, ended_sql(kind, 3)), said["refused"]));
    add_finding(findings, kind + ": attempts that nobody claimed",
                without(attempts, stored_values(database, claims_sql(kind))));
    add_finding(findings, kind + ": a later attempt with a token that is no larger",
                with_falling_tokens(journal, clients));
    return findings;
}

}  // namespace orders::test

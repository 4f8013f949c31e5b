#include "tests/bench/raw_postgres.h"

#include "tests/bench/figures.h"

namespace orders::bench {

std::int64_t RawRows::number(int row, int column) const {
    const std::string digits = text(row, column);
    return digits.empty() ? 0 : std::stoll(digits);
}

std::string RawRows::text(int row, int column) const {
    return PQgetvalue(result_.get(), row, column);
}

RawPostgres::RawPostgres(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail("connect");
    execute("SET search_path = orders");
}

void RawPostgres::fail(std::string_view what) const {
    throw BenchFailure(std::string(what) + ": " + PQerrorMessage(connection_.get()));
}

RawRows RawPostgres::execute(const std::string& sql) {
    RawRows rows(PQexec(connection_.get(), sql.c_str()));
    const ExecStatusType status = PQresultStatus(rows.handle());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(sql);
    return rows;
}

void RawPostgres::prepare(const char* name, const char* sql) {
    const RawRows prepared(PQprepare(connection_.get(), name, sql, 0, nullptr));
    if (PQresultStatus(prepared.handle()) != PGRES_COMMAND_OK) fail(sql);
}

void RawPostgres::send(const char* name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const std::string& value : values) texts.push_back(value.c_str());
    if (PQpipelineStatus(connection_.get()) == PQ_PIPELINE_OFF) {
        PQenterPipelineMode(connection_.get());
    }
    if (PQsendQueryPrepared(connection_.get(), name, static_cast<int>(texts.size()), texts.data(),
                            nullptr, nullptr, 0) != 1) {
        fail(name);
    }
}

std::vector<RawRows> RawPostgres::receive() {
    if (PQpipelineSync(connection_.get()) != 1) fail("receive");
    std::vector<RawRows> results;
    for (;;) {
        RawRows rows(PQgetResult(connection_.get()));
        if (rows.handle() == nullptr) continue;  // of one statement, there are no more results
        const ExecStatusType status = PQresultStatus(rows.handle());
        if (status == PGRES_PIPELINE_SYNC) return results;
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            throw BenchFailure(PQresultErrorMessage(rows.handle()));
        }
        results.push_back(std::move(rows));
    }
}

void RawArray::add(std::string_view value) {
    if (text_.size() > 1) text_ += ',';
    text_ += value;
}

}  // namespace orders::bench

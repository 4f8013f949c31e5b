// The main function of each program of tests, which is doctest's.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/support/exchange_record.h"

namespace orders::test {
namespace {

struct CaseRecorder : doctest::IReporter {
    explicit CaseRecorder(const doctest::ContextOptions&) {}
    void test_case_start(const doctest::TestCaseData& started) override {
        record_case(started.m_name);
    }
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("case-recorder", 2, CaseRecorder);

}  // namespace
}  // namespace orders::test

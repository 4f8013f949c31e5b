// The main function of each program of tests, which is doctest's.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/support/exchange_record.h"
#include "tests/support/silent_reporter.h"

namespace orders::test {
namespace {

struct CaseRecorder : SilentReporter {
    explicit CaseRecorder(const doctest::ContextOptions&) {}
    void test_case_start(const doctest::TestCaseData& started) override {
        record_case(started.m_name);
    }
};
REGISTER_LISTENER("case-recorder", 2, CaseRecorder);

}  // namespace
}  // namespace orders::test

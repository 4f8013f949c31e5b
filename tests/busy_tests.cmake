# Read by ctest, once it knows the test cases: crowds and storms, which may keep every core busy, and
# what depends on a worker's renewing a lease of one second in time, or on a proxy's health check
# within a second, which they cannot do if neighbours keep them from running. They take two of the
# slots of `ctest --parallel`; on a machine with two cores each of them runs alone.

set(busy_subjects
    disk_full hostile_crowd kill_storm lease_lost rolling_restart worker_halted worker_killed)

set(cases ${e2e_tests_TESTS} ${fault_tests_TESTS} ${postgres_fault_tests_TESTS})
foreach(subject IN LISTS busy_subjects)
    set(busy_cases ${cases})
    list(FILTER busy_cases INCLUDE REGEX "^(postgres/)?${subject}: ")
    # There are none before both programs have been built.
    if(e2e_tests_TESTS AND fault_tests_TESTS AND NOT busy_cases)
        message(FATAL_ERROR "tests/busy_tests.cmake names ${subject}, which has no test case")
    endif()
    foreach(case IN LISTS busy_cases)
        set_tests_properties("${case}" PROPERTIES PROCESSORS 2)
    endforeach()
endforeach()

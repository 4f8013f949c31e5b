// Parts of the product by themselves, so that one sees where the time of the other rows goes.

#include "tests/bench/in_process_benchmarks.h"
#include "tests/bench/rows.h"

namespace orders::bench {

void measure_in_process(const Settings&, Report& report) {
    for (const char* name :
         {benchmark_name::sync, benchmark_name::submit_1, benchmark_name::submit_64,
          benchmark_name::submit_1000, benchmark_name::raw_insert, benchmark_name::drain_64,
          benchmark_name::raw_drain, benchmark_name::report, benchmark_name::parse}) {
        report.add(PartLine{.part = name, .figures = run_benchmark(name)});
    }
}

}  // namespace orders::bench

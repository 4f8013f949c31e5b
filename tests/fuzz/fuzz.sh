#!/usr/bin/env bash
# fuzz.sh RUNS: feeds as many inputs to the framing of requests and to what takes payloads out of
# bodies, and a tenth of that to whole connections, and then has planted defects found, because a
# fuzzer that finds nothing may only be looking at the door. Needs the build `fuzz`; `./dev fuzz`
# makes it. What ends a fuzzer is kept in build/fuzz/findings; the inputs that are worth keeping last
# as long as the build.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../build/fuzz"

runs=$1
sources=../../tests/fuzz
planted_defect_runs=5000000

say() { printf '==> %s\n' "$*"; }

# fuzz PROGRAM LANGUAGE CORPUS RUNS [FURTHER-ARGS]: the language is what inputs are written in, http
# or json.
fuzz() {
    mkdir -p "corpus/$1" findings
    # A small quarantine keeps the sanitizer's memory in the processor's cache.
    ASAN_OPTIONS=quarantine_size_mb=8 "./$1" -runs="$4" -max_len=512 -rss_limit_mb=512 -timeout=25 \
        -dict="$sources/$2.dict" -print_final_stats=1 -artifact_prefix="findings/$1-" \
        "${@:5}" "corpus/$1" "$3" >"$1.log" 2>&1
}

# What a fuzzer's log says of its run.
summarise() {
    sed -nE 's/^INFO: Seed: /  seed /p
        s/^stat::number_of_executed_units: */  runs /p
        s/^stat::average_exec_per_sec: */  runs per second /p
        s/^stat::peak_rss_mb: */  peak MiB /p' "$1.log"
}

say "fuzzing with $runs inputs"
declare -A fuzzers=()
fuzz framing_fuzzer http "$sources/corpus/http" "$runs" &
fuzzers[framing_fuzzer]=$!
fuzz json_fuzzer json "$sources/corpus/json" "$runs" &
fuzzers[json_fuzzer]=$!
# libFuzzer looks for leaks after an input whose allocations it did not see freed. Here the server's
# thread frees what the client's has allocated, and later, so every input looks like that. The
# sanitizer still looks when all is over.
fuzz connection_fuzzer http "$sources/corpus/http" $((runs / 10 + 1)) -detect_leaks=0 &
fuzzers[connection_fuzzer]=$!
failed=''
for program in framing_fuzzer json_fuzzer connection_fuzzer; do
    if wait "${fuzzers[$program]}"; then
        say "$program: nothing found"
    else
        say "$program: FOUND SOMETHING, see build/fuzz/$program.log and build/fuzz/findings"
        tail -n 30 "$program.log"
        failed+=" $program"
    fi
    summarise "$program"
done

# find_defect PROGRAM LANGUAGE PATTERN: without the inputs whose names match the pattern, because it
# must not start from one that shows the defect.
find_defect() {
    local program=$1
    rm -rf corpus/without_defect "corpus/$program"
    mkdir -p corpus/without_defect
    find "$sources/corpus/$2" -type f ! -name "$3" -exec cp -t corpus/without_defect {} +
    say "looking for a planted defect"
    if fuzz "$program" "$2" corpus/without_defect "$planted_defect_runs"; then
        say "$program: NOT FOUND"
        failed+=" $program"
    elif grep -qx 'does not hold: the planted defect is not found' "$program.log"; then
        say "$program: found, as it must be"
        rm -f findings/"$program"-crash-*
    else
        tail -n 30 "$program.log"
        failed+=" $program"
    fi
    summarise "$program"
}
find_defect framing_fuzzer_with_defect http '*trailer*'
find_defect json_fuzzer_with_defect json '*escaped-key*'

[[ -z $failed ]] || {
    printf 'fuzz: these fuzzers did not end as they should:%s\n' "$failed" >&2
    exit 1
}

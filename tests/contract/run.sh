#!/bin/sh
# run.sh PROGRAM ARGUMENTS: runs a script of this directory, or a program that npm has installed, in the
# directory in which ./dev test has npm install them. Where that is not possible it says so, and succeeds.

set -eu
scripts=$(cd "$(dirname "$0")" && pwd)
home=$scripts/../../build/contract

skip() {
    echo "skipped: $*"
    exit 0
}

command -v node >/dev/null || skip "there is no Node.js"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "Node.js is older than 20"
[ -f "$home/installed.json" ] || skip "npm has not installed what tests/contract/package.json names"

cd "$home"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
program=$1
shift
case $program in
    *.mjs) exec node "$scripts/$program" "$@" ;;
    *) exec "node_modules/.bin/$program" "$@" ;;
esac

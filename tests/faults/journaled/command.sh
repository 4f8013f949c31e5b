#!/bin/sh
# command.sh JOURNAL: as a command, writes down what it is about to say of the order and says so by its
# exit status. See tests/faults/work_journal.h for the journal.

write_down() {
    printf '%s %s %s %s\n' "$ORDER_ID" "$ORDER_ATTEMPT" "$ORDER_TOKEN" "$1" >>"$journal"
}

journal=$1
case $ORDER_ID/$ORDER_ATTEMPT in
    *1/*) write_down refused && exit 1 ;;
    *3/1) write_down again && exit 75 ;;
    *) write_down "done" && echo "{\"token\": $ORDER_TOKEN}" ;;
esac

#!/usr/bin/env bash
# demo.sh URL [PAGE]: something to watch. Sends orders of all kinds to the API at URL until it is ended:
# High and Normal ones, some of which fail, are tried again, wait for their time, come too late or
# are cancelled. PAGE, URL if it is not given, is where people reach the API.
#
# All of them are simulated: their payloads say how they shall end. There are about four a second,
# half of what one worker does (DEMO_PAUSE_SECONDS between two steps, 0.5 if it is not set); while
# more than a hundred are Pending, it waits. Needs curl.

set -euo pipefail

if (($# < 1 || $# > 2)); then
    echo 'usage: demo.sh URL [PAGE]' >&2
    exit 2
fi
api=$1/api/v1 page=${2:-$1}
pause=${DEMO_PAUSE_SECONDS:-0.5}
most_pending=100
# Ids of an earlier run are taken.
run=$(date +%m%d%H%M%S)-$$

say() { printf '==> %s\n' "$*"; }

trap 'say "the demonstration has ended"; exit 0' INT TERM HUP

# A signal ends the wait, too, not only what follows it.
rest() {
    sleep "$1" &
    wait $!
}

request() { curl --silent --max-time 10 "$@"; }

# post PATH [BODY]: prints the answer's status, 000 if there is none. That an order is refused or has
# ended by now is part of it.
post() {
    request --request POST --header 'Content-Type: application/json' --data "${2:-}" \
        --output /dev/null --write-out '%{http_code}' "$api/$1" || true
}

# Whether more are Pending than it wants to see. (The report begins with the counts of all kinds.)
are_too_many() {
    local pending
    pending=$(request "$api/report" | sed -n 's/^{"counts":{"Pending":\([0-9]*\).*/\1/p') || true
    ((${pending:-0} > most_pending))
}

# order NAME KIND SIMULATE [FIELDS]: one more, which ends as SIMULATE says, in the time and with the
# priority that are at hand.
order() {
    printf '{"order_id":"demo-%s-%s","kind":"%s","priority":"%s","processing_time":%d,' \
        "$run" "$1" "$2" "$priority" "$seconds"
    printf '"payload":{"customer":"customer-%d","simulate":{%s}}%s}' \
        $((RANDOM % 100)) "$3" "${4:+,$4}"
}

# A pile of them, by one commit, so that there is a queue for a while.
pile() {
    local i orders='' priority=Normal seconds=1
    for ((i = 0; i < 25; i++)); do
        orders+=${orders:+,}$(order "$1-$i" import '"outcome":"complete"')
    done
    printf '{"orders":[%s]}' "$orders"
}

# Two seconds from now, as RFC 3339 has it.
soon() { date --utc --date='+2 seconds' +%Y-%m-%dT%H:%M:%SZ; }

# send NUMBER: one step; prints the status of the answer.
send() {
    local n=$1 paid='"outcome":"complete","result":{"paid":true}'
    local seconds=$((1 + RANDOM % 3)) priority=Normal
    ((RANDOM % 4)) || priority=High
    case $((n % 20)) in
        3) post orders "$(order "$n" mail '"outcome":"retry","times":2,"reason":"mailbox_busy"' \
            '"backoff_seconds":2')" ;;
        5) post orders "$(order "$n" invoice \
            '"outcome":"fail","reason":"card_declined","detail":"Ask for another card."')" ;;
        7) post orders "$(order "$n" mail "$paid" '"delay_seconds":15')" ;;
        9) post orders "$(order "$n" mail '"outcome":"retry","reason":"no_such_mailbox"' \
            '"max_attempts":3,"backoff_seconds":1')" ;;
        11)
            seconds=3
            post orders "$(order "$n" report "$paid" '"timeout_seconds":1')"
            ;;
        13) post orders "$(order "$n" invoice "$paid" '"delay_seconds":3600')" ;;
        14) post "orders/demo-$run-$((n - 1))/cancel" ;;
        # The card is tried once more, and declined again.
        16) post "orders/demo-$run-$((n - 11))/retry" ;;
        18) post orders/batch "$(pile "$n")" ;;
        # Behind the pile it cannot begin in time.
        19)
            priority=Normal
            post orders "$(order "$n" import "$paid" "\"start_before\":\"$(soon)\"")"
            ;;
        *) post orders "$(order "$n" default "$paid")" ;;
    esac
}

until [[ $(request --output /dev/null --write-out '%{http_code}' "$1/readyz" || true) == 200 ]]; do
    rest 0.2
done
# Nothing here has a token to send with.
if [[ $(request --output /dev/null --write-out '%{http_code}' "$api/report" || true) == 401 ]]; then
    say "the API asks for a token, which the demonstration does not have; it has ended"
    exit 0
fi
say "orders come in; watch them at $page/ui/"
for ((n = 1; ; n++)); do
    send "$n" >/dev/null
    rest "$pause"
    if ((n % 20 != 0)) || ! are_too_many; then continue; fi
    say "more than $most_pending orders are Pending; no more come until they are fewer"
    while are_too_many; do rest 1; done
done

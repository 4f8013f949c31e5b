#!/bin/sh
# A worker for orders of the kind "greet", one at a time, until SIGTERM. Needs nothing but curl.
#   ORDERS_URL   where the API is            ORDERS_TOKEN   its token, if it asks for one
#   WORKER       this worker's name          LEASE_SECONDS  the work has to take less time
api=${ORDERS_URL:-http://127.0.0.1:8099}/api/v1
claim='{"worker":"%s","kinds":["greet"],"wait_seconds":5,"lease_seconds":%d}'
# shellcheck disable=SC2059 # it is a format
claim=$(printf "$claim" "${WORKER:-sh-$$}" "${LEASE_SECONDS:-30}")
# A claim that waits is not given up at a stop: its answer may be on the way. So it waits briefly.
stopping=
trap stopping=1 TERM INT

# post PATH BODY: the answer is in $answer then, its status behind it. Fails, after a pause, if the
# API is away or busy: every request may be repeated. (A command line can be seen by others, so the
# token is not there.)
post() {
    answer=$(printf '%s\n' "${ORDERS_TOKEN:+header = \"Authorization: Bearer $ORDERS_TOKEN\"}" |
        curl --config - --silent --max-time 60 --header 'Content-Type: application/json' \
            --data-raw "$2" --write-out '%{http_code}' "$api/$1")
    case $answer in *[1-4]??) ;; *) sleep 1 && false ;; esac
}

# member PATTERN: the last such member counts, because the lease stands behind the payload.
member() { printf '%s' "$answer" | tr '\n' ' ' | sed -n "s/.*$1.*/\\1/p"; }

until [ -n "$stopping" ]; do
    post claims "$claim" || continue
    case $answer in *200) ;; *) echo "the claim was refused: $answer" >&2 && exit 1 ;; esac
    lease=$(member '"lease":"\([^"]*\)"')
    [ -n "$lease" ] || continue # no order came in all that time

    name=$(member '"name":"\([^"\\]*\)"')
    seconds=$(member '"seconds":\([0-9]\{1,\}\)')
    sleep "${seconds:-0}" # the work
    if [ -n "$name" ]; then
        set -- complete "{\"greeting\":\"hello, $name\"}"
    else
        set -- fail '{"reason":"cannot_greet","detail":"the payload has no name"}'
    fi

    until post "leases/$lease/$1" "$2"; do :; done
    # 409, above all: the order has ended, or another worker has it. It is dropped.
    case $answer in *200) ;; *) echo "$1 was refused: $answer" >&2 ;; esac
done

#!/usr/bin/env bash
# Attacks the composed system: kills, freezes, scales, restarts and replaces its containers while a
# client creates orders, and then looks for every order that the API acknowledged. Looks into the
# images too, and at the demonstration. Needs Docker with Compose, and curl; takes about three minutes, most of them for the
# images.
#
# It has a project, a port (CONTAINERS_PORT, 18099) and a volume of its own, and removes them. In the
# end it throws the volume away, and must notice.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export COMPOSE_PROJECT_NAME=orders-faults-$$
export API_PUBLISHED_PORT=${CONTAINERS_PORT:-18099}
# Workers that are frozen lose their leases within the test; an order takes a tenth of a second.
export SERVICE_LEASE_SECONDS=2 SERVICE_TIME_UNIT_MS=100
orders_url=http://127.0.0.1:$API_PUBLISHED_PORT/api/v1/orders
report_url=http://127.0.0.1:$API_PUBLISHED_PORT/api/v1/report
patience_seconds=120 # only something broken ever waits that long

work=$(mktemp -d)
acknowledged=$work/acknowledged maybe=$work/maybe
touch "$acknowledged" "$maybe"
client=''

say() { printf '==> %s\n' "$*"; }

die() {
    printf 'containers: %s\n' "$*" >&2
    exit 1
}

if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
else
    compose() { docker-compose "$@"; }
fi

clean_up() {
    local status=$?
    [[ -z $client ]] || kill "$client" 2>/dev/null || true
    ((status == 0)) || compose logs --tail=20 2>&1 | tail -n 60 || true
    compose down --volumes --remove-orphans --rmi local >"$work/down.log" 2>&1 || cat "$work/down.log"
    rm -rf "$work"
}

# eventually COMMAND...: repeats it until it succeeds.
eventually() {
    local end=$((SECONDS + patience_seconds))
    until "$@"; do
        ((SECONDS < end)) || die "not within $patience_seconds seconds: $*"
        sleep 0.2
    done
}

# --- The client -------------------------------------------------------------------------------------

# post PATH BODY: prints the status, 000 if there is no answer.
post() {
    curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' \
        --header 'Content-Type: application/json' --data "$2" "$1" || true
}

# An order is acknowledged with 200. Whatever has no answer, or one that promises nothing, is maybe.
note() {
    local status=$1
    shift
    case $status in
        200) printf '%s\n' "$@" >>"$acknowledged" ;;
        *) printf '%s\n' "$@" >>"$maybe" ;;
    esac
}

order() { printf '{"order_id":"%s","priority":"%s","processing_time":1}' "$1" "$2"; }

# Until there is a file that says stop: killed, it would not note what it has just sent.
create_orders() {
    local n i ids batch priority
    for ((n = 0; ; n++)); do
        [[ ! -e $work/stop ]] || return 0
        priority=Normal
        ((n % 4)) || priority=High
        if ((n % 5)); then
            note "$(post "$orders_url" "$(order "single-$n" "$priority")")" "single-$n"
        else
            ids=() batch=''
            for ((i = 0; i < 10; i++)); do
                ids+=("batch-$n-$i")
                batch+="${batch:+,}$(order "batch-$n-$i" "$priority")"
            done
            note "$(post "$orders_url/batch" "{\"orders\":[$batch]}")" "${ids[@]}"
        fi
    done
}

# --- What must hold ---------------------------------------------------------------------------------

is_ready() { [[ $(curl --silent --max-time 5 "http://127.0.0.1:$API_PUBLISHED_PORT/readyz" \
    --output /dev/null --write-out '%{http_code}') == 200 ]]; }

# count STATUS: as the report has it.
count() {
    curl --silent --fail --max-time 5 "$report_url" |
        sed -n "s/^{\"counts\":{[^}]*\"$1\":\([0-9]*\).*/\1/p"
}

nothing_is_open() { [[ $(count Pending) == 0 && $(count Processing) == 0 ]]; }

# Every id that the API knows, page by page.
list_ids() {
    local page cursor=''
    while :; do
        page=$(curl --silent --fail --max-time 10 "$orders_url?limit=1000${cursor:+&cursor=$cursor}")
        grep -o '"order_id":"[^"]*"' <<<"$page" | cut -d'"' -f4 || true
        cursor=$(sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p' <<<"$page")
        [[ -n $cursor ]] || break
    done
}

# lost ACKNOWLEDGED STORED: the ids that were acknowledged and are not stored.
lost() { comm -23 <(sort -u "$1") <(sort -u "$2"); }
# unknown STORED: the ids that are stored and nobody sent.
unknown() { comm -13 <(sort -u "$acknowledged" "$maybe") <(sort -u "$1"); }

check_the_check() {
    printf '%s\n' there forged >"$work/forged"
    printf '%s\n' there strange >"$work/stored"
    [[ $(lost "$work/forged" "$work/stored") == forged ]] || die "the check misses a lost order"
    [[ $(unknown "$work/stored") == $'strange\nthere' ]] || die "the check misses an unknown order"
}

check_orders() {
    local stored=$work/all
    eventually nothing_is_open
    list_ids >"$stored"
    local lost_count unknown_count ended
    lost_count=$(lost "$acknowledged" "$stored" | wc -l)
    unknown_count=$(unknown "$stored" | wc -l)
    ended=$(($(count Processed) + $(count Failed)))
    say "$attacks attacks, $(wc -l <"$acknowledged") orders acknowledged," \
        "$(wc -l <"$maybe") perhaps, $(wc -l <"$stored") stored," \
        "$lost_count lost, $unknown_count unknown, $(count Failed) failed"
    ((lost_count == 0 && unknown_count == 0)) || die "orders are lost or unknown"
    [[ $(sort "$stored" | uniq -d) == '' ]] || die "an order is there twice"
    ((ended == $(wc -l <"$stored"))) || die "the report counts $ended orders that have ended"
    (($(wc -l <"$acknowledged") > 50)) || die "too few orders to prove anything"
    (($(count Failed) == 0)) || die "orders have failed"
}

# Negative control: without the volume, what was acknowledged is gone, and that is noticed.
lose_the_volume() {
    compose down --volumes >"$work/down.log" 2>&1
    compose up --detach >"$work/up.log" 2>&1
    eventually is_ready
    list_ids >"$work/left"
    local lost_count
    lost_count=$(lost "$acknowledged" "$work/left" | wc -l)
    ((lost_count > 0)) || die "the check misses that all orders are lost"
    say "control: without the volume, $lost_count orders are lost, and it is noticed"
}

# label IMAGE NAME
label() { docker image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$2\"}}" "$1"; }

check_container() {
    local service=$1 id image
    id=$(compose ps -q "$service" | head -n 1)
    image=$(docker inspect --format '{{.Image}}' "$id")
    [[ $(docker inspect --format '{{.Config.User}}' "$id") == 10001:10001 ]] || die "$service: its user"
    local host_pid
    host_pid=$(docker inspect --format '{{.State.Pid}}' "$id")
    awk '/^[UG]id:/ && ($2 != 10001 || $3 != 10001 || $4 != 10001) { exit 1 }' \
        "/proc/$host_pid/status" || die "$service runs as somebody else"
    [[ $(docker inspect --format '{{.HostConfig.ReadonlyRootfs}}' "$id") == true ]] ||
        die "$service may write to its own image"
    [[ $(docker cp Dockerfile "$id:/usr/local/bin/" 2>&1) == *read-only* ]] ||
        die "$service may be written to"
    [[ $(docker exec "$id" sh -c true 2>&1) == *"not found"* ]] || die "$service has a shell"
    docker export "$id" | tar --list --verbose >"$work/files"
    ! awk '$1 ~ /^-/ && $1 ~ /s/' "$work/files" | grep . || die "$service has setuid files"
    ! grep -E ' (usr/)?s?bin/(sh|bash|dash|busybox|apt|perl|python3?)$' "$work/files" ||
        die "$service has programs that it does not need"
    [[ $(label "$image" revision) == under-test && -n $(label "$image" version) ]] ||
        die "$service does not say what it was built from"
    say "$service: $(docker image inspect --format '{{.Size}}' "$image" |
        awk '{ printf "%.1f MB", $1 / 1e6 }'), $(grep -c '^-' "$work/files") files, uid 10001"
}

# --- The attacks ------------------------------------------------------------------------------------

attacks=0
attack() {
    attacks=$((attacks + 1))
    say "attack $attacks: $*"
}
container() { compose ps -q "$1" | sed -n "${2:-1}p"; }

# The client gets on with its work, so the next attack meets some.
more_orders() {
    local before
    before=$(wc -l <"$acknowledged")
    has_more() { (($(wc -l <"$acknowledged") > before + 20)); }
    eventually has_more
}

# Looks like a crash: the restart policy brings it back. After `docker kill` it does not, because
# that counts as stopped by hand.
crash() {
    local id=$1 before
    before=$(docker inspect --format '{{.RestartCount}}' "$id")
    kill -KILL "$(docker inspect --format '{{.State.Pid}}' "$id")"
    was_restarted() {
        [[ $(docker inspect --format '{{.RestartCount}} {{.State.Running}}' "$id") == "$((before + 1)) true" ]]
    }
    eventually was_restarted
}

attack_everything() {
    local id
    for service in api worker; do
        if ((EUID == 0)); then
            attack "$service crashes"
            crash "$(container "$service")"
            eventually is_ready
            more_orders
        else
            say "skipped: crashing $service needs root"
        fi
        attack "$service is killed, and started again"
        id=$(container "$service")
        docker kill "$id" >/dev/null
        docker start "$id" >/dev/null
        eventually is_ready
        more_orders
    done

    attack "three workers, of which one is frozen past its lease"
    compose up --detach --scale worker=3 >"$work/scale.log" 2>&1
    more_orders
    id=$(container worker 2)
    docker pause "$id" >/dev/null
    sleep $((SERVICE_LEASE_SECONDS + 1)) # what happens meanwhile is the point
    docker unpause "$id" >/dev/null
    eventually is_ready
    more_orders

    attack "back to one worker"
    compose up --detach --scale worker=1 >>"$work/scale.log" 2>&1
    more_orders

    attack "everything is restarted"
    compose restart >"$work/restart.log" 2>&1
    eventually is_ready
    more_orders

    attack "everything is removed but the volume, and made again"
    compose down >"$work/down.log" 2>&1
    compose up --detach >"$work/up.log" 2>&1
    eventually is_ready
    more_orders
}

watch_the_demonstration() {
    local status unseen='Pending Processing Processed Failed Cancelled'
    compose --profile demo up --build --detach demo >"$work/demo.log" 2>&1 ||
        die "the demonstration does not start: $(tail -n 20 "$work/demo.log")"
    # Not at one moment: these orders are in work for a tenth of a second.
    every_status_was_seen() {
        for status in $unseen; do
            (($(count "$status") == 0)) || unseen=${unseen/$status/}
        done
        [[ -z ${unseen// /} ]]
    }
    eventually every_status_was_seen
    [[ $(compose --profile demo logs demo) == *"watch them at http://127.0.0.1:$API_PUBLISHED_PORT/ui/"* ]] ||
        die "the demonstration does not say where to look"
    compose --profile demo rm --stop --force demo >>"$work/demo.log" 2>&1
    say "the demonstration: orders of every status"
}

verify_store() {
    local answer
    answer=$(compose exec -T worker /usr/local/bin/order-worker verify 2>&1) ||
        die "order-worker verify: $answer"
    say "order-worker verify: $answer"
}

# ----------------------------------------------------------------------------------------------------

check_the_check
trap clean_up EXIT
say "building the images"
compose build --build-arg REVISION=under-test >"$work/build.log" 2>&1 || {
    tail -n 40 "$work/build.log"
    die "the images cannot be built"
}
compose up --detach >"$work/up.log" 2>&1 || {
    cat "$work/up.log"
    die "the system does not start"
}
eventually is_ready
check_container api
check_container worker

create_orders &
client=$!
more_orders
attack_everything
touch "$work/stop"
wait "$client"
client=''

check_orders
verify_store
watch_the_demonstration
lose_the_volume
say "sound"

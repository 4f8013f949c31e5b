#!/usr/bin/env bash
# The life of the package, in a container that install.sh, beside this file, has made: nothing else
# runs there, and nothing that is done there stays.

set -euo pipefail

api=http://127.0.0.1:8080
orders=$api/api/v1/orders
settings=/etc/default/order-worker
examples=/usr/share/doc/order-management/examples
patience_seconds=60 # only something broken ever waits that long

say() { printf '==> %s\n' "$*"; }

die() {
    printf 'package: %s\n' "$*" >&2
    systemctl --no-pager --full status order-api order-worker >&2 || true
    exit 1
}

# eventually COMMAND...: repeats it until it succeeds.
eventually() {
    local end=$((SECONDS + patience_seconds))
    until "$@"; do
        ((SECONDS < end)) || die "not within $patience_seconds seconds: $*"
        sleep 0.1
    done
}

# is WANTED COMMAND...: the command prints just that.
is() {
    local wanted=$1 printed
    shift
    printed=$("$@" 2>&1) || true
    [[ $printed == "$wanted" ]] || die "$* prints '$printed', not '$wanted'"
}

property() { systemctl show --property="$2" --value "$1"; }
main_pid() { property "$1" MainPID; }
status_of() { curl --silent --output /dev/null --write-out '%{http_code}' "$@" || true; }
count() { curl --silent --fail "$api/api/v1/report" | sed -n "s/^{\"counts\":{[^}]*\"$1\":\([0-9]*\).*/\1/p"; }

# submit ID [FIELDS]
submit() {
    is 200 status_of --header 'Content-Type: application/json' "$orders" --data \
        "{\"order_id\":\"$1\",\"priority\":\"Normal\",\"processing_time\":1${2:+,$2}}"
}

# field ID NAME: of an order, which is a word or a number.
field() { curl --silent --fail "$orders/$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([A-Za-z0-9_]*\).*/\1/p"; }
has_ended() { [[ $(field "$1" status) =~ ^(Processed|Failed)$ ]]; }
nothing_is_open() { [[ $(count Pending) == 0 && $(count Processing) == 0 ]]; }
some_are_in_work() { (($(count Processing) > 0)); }

# restarts UNIT COMMAND...: the command has systemd start a new process.
restarts() {
    local unit=$1 before pid
    before=$(main_pid "$unit")
    shift
    "$@"
    is_another() {
        pid=$(main_pid "$unit")
        [[ $pid != "$before" && $pid != 0 && $(property "$unit" ActiveState) == active ]]
    }
    eventually is_another
}

# drop_in UNIT EXAMPLE
drop_in() {
    mkdir -p "/etc/systemd/system/$1.service.d"
    cp "$examples/$2" "/etc/systemd/system/$1.service.d/"
    systemctl daemon-reload
}

# --- Installing -------------------------------------------------------------------------------------

say "installed: nothing runs, and nothing is enabled"
dpkg --install /packages/first.deb >/dev/null
for unit in order-api order-worker; do
    is disabled systemctl is-enabled "$unit"
    is inactive systemctl is-active "$unit"
done
is 'orders' id --name --user orders
[[ ! -e /var/lib/orders ]] || die "there is a directory of orders before there is any"
for file in man/man1/order-api.1.gz man/man1/order-worker.1.gz bash-completion/completions/order-worker; do
    [[ -s /usr/share/$file ]] || die "/usr/share/$file is missing"
done

say "enabled: both work, and are up when systemctl has started them"
systemctl --quiet enable --now order-api order-worker
is 200 status_of "$api/readyz"
submit first
eventually has_ended first
is Processed field first status
is '750 orders' stat --format='%a %U' /var/lib/orders
is '600 orders' stat --format='%a %U' /var/lib/orders/orders.db
for unit in order-api order-worker; do
    is notify property "$unit" Type
    # A word behind it says in how many tenths: 1.2 is 12.
    systemd-analyze security --threshold=15 "$unit.service" >/dev/null || die "$unit is exposed"
done

# --- Faults -----------------------------------------------------------------------------------------

# Not more often than systemd itself allows, whatever this does to them.
for unit in order-api order-worker; do
    mkdir -p "/run/systemd/system/$unit.service.d"
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n' \
        >"/run/systemd/system/$unit.service.d/test.conf"
done
systemctl daemon-reload
for unit in order-worker order-api; do
    say "$unit is killed: it is started anew"
    restarts "$unit" kill -KILL "$(main_pid "$unit")"
    is 1 property "$unit" NRestarts
done
for unit in order-worker order-api; do
    say "$unit is frozen: its watchdog ends it, and it is started anew"
    # The one that was started before knows no such short watchdog yet.
    systemctl restart "$unit"
    restarts "$unit" kill -STOP "$(main_pid "$unit")"
    journalctl --quiet --unit="$unit" --grep='Watchdog timeout' >/dev/null ||
        die "it was not the watchdog that ended $unit"
done
rm -r /run/systemd/system/order-{api,worker}.service.d
systemctl daemon-reload
systemctl restart order-api order-worker
submit after-faults
eventually has_ended after-faults

# --- Upgrading --------------------------------------------------------------------------------------

say "upgraded with orders in work: each ends, and none is charged an attempt for it"
echo 'SERVICE_WORKER_COUNT=20' >>"$settings"
systemctl restart order-worker
for ((i = 0; i < 60; i++)); do submit "upgrade-$i"; done
eventually some_are_in_work
upgrade() { dpkg --install /packages/second.deb >/dev/null 2>&1 </dev/null; }
api_before=$(main_pid order-api)
restarts order-worker upgrade
[[ $(main_pid order-api) != "$api_before" ]] || die "the old API still runs"
# The first to start may change the schema: the others must be gone by then.
(($(property order-worker InactiveEnterTimestampMonotonic) < $(property order-api ExecMainStartTimestampMonotonic))) ||
    die "the new API was started before the old worker had ended"
is 200 status_of "$api/readyz"
eventually nothing_is_open
for ((i = 0; i < 60; i++)); do
    is Processed field "upgrade-$i" status
    is 1 field "upgrade-$i" attempts
done
grep --quiet '^SERVICE_WORKER_COUNT=20$' "$settings" || die "the upgrade has taken settings back"
for unit in order-api order-worker; do is enabled systemctl is-enabled "$unit"; done

# --- The examples -----------------------------------------------------------------------------------

say "tokens.conf: nobody gets in without one"
mkdir --mode=0700 /etc/orders
echo 'letmein-letmein-letmein-letmein-letmein' >/etc/orders/tokens
chmod 0600 /etc/orders/tokens
drop_in order-api tokens.conf
systemctl restart order-api
is 401 status_of "$orders"
is 200 status_of --header 'Authorization: Bearer letmein-letmein-letmein-letmein-letmein' "$orders"
rm -r /etc/systemd/system/order-api.service.d
systemctl daemon-reload
systemctl restart order-api

say "commands.conf and network.conf: a command does its work, and a webhook is called"
cat >/usr/local/bin/greet <<'COMMAND'
#!/bin/sh
nice cat
COMMAND
chmod 755 /usr/local/bin/greet
printf '%s\n' 'SERVICE_COMMANDS=greet=/usr/local/bin/greet' \
    "SERVICE_WEBHOOKS=hook=http://localhost:8080/nobody" >>"$settings"
systemctl restart order-worker
submit unreachable '"kind":"hook","max_attempts":1'
eventually has_ended unreachable
drop_in order-worker commands.conf
drop_in order-worker network.conf
systemctl restart order-worker
submit greeting '"kind":"greet","payload":{"name":"Ann"}'
submit called '"kind":"hook","max_attempts":1'
eventually has_ended greeting
eventually has_ended called
is Processed field greeting status
is unreachable field unreachable failure
is http_404 field called failure

# --- Leaving ----------------------------------------------------------------------------------------

say "stopped, removed, purged: the orders stay"
systemctl stop order-worker order-api
for unit in order-api order-worker; do is success property "$unit" Result; done
systemctl start order-worker order-api
dpkg --remove order-management >/dev/null
for unit in order-api order-worker; do is inactive systemctl is-active "$unit"; done
[[ -f $settings && ! -e /usr/bin/order-api ]] || die "removing takes the settings, or leaves the programs"
dpkg --purge order-management >/dev/null
[[ ! -e $settings && ! -e /etc/default/order-api ]] || die "a purge leaves the settings"
[[ -z $(find /etc/systemd -name 'order-*.service' -not -path '*.d*') ]] || die "a purge leaves links"
[[ -s /var/lib/orders/orders.db ]] || die "a purge takes the orders"

say "installed again: they are there"
dpkg --install /packages/second.deb >/dev/null
systemctl start order-api
is Processed field first status
dpkg --purge order-management >/dev/null

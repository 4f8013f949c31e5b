#!/bin/sh
# collect_root.sh [--network] PROGRAM ROOT: makes the root of an image that holds one program. The
# program goes to ROOT/usr/local/bin, the libraries that it names (the loader among them) to their
# places below ROOT; with --network, so does what it takes to find other hosts, and to trust them.

set -eu
has_network=false
if [ "$1" = --network ]; then
    has_network=true
    shift
fi
program=$1 root=$2

install -D "$program" "$root/usr/local/bin/$(basename "$program")"
libraries=$(ldd "$program")
if printf '%s\n' "$libraries" | grep 'not found'; then exit 1; fi
printf '%s\n' "$libraries" | grep -o '/[^ ]*' | xargs cp --parents -L -t "$root"

if $has_network; then
    cp --parents -L -t "$root" /etc/ssl/certs/ca-certificates.crt
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
fi

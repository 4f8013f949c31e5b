#!/usr/bin/env python3
"""A worker for orders of the kind "greet", one at a time, until SIGTERM. Needs Python alone.

ORDERS_URL     where the API is
ORDERS_TOKEN   its token, if it asks for one
WORKER         this worker's name
LEASE_SECONDS  how long after this worker's death another one gets its order
"""

import http.client
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

API = os.environ.get("ORDERS_URL", "http://127.0.0.1:8099") + "/api/v1"
WORKER = os.environ.get("WORKER", f"py-{os.getpid()}")
LEASE_SECONDS = int(os.environ.get("LEASE_SECONDS", "30"))
HEADERS = {"Content-Type": "application/json"}
if "ORDERS_TOKEN" in os.environ:
    HEADERS["Authorization"] = "Bearer " + os.environ["ORDERS_TOKEN"]


class LeaseLost(Exception):
    """The order has ended, or another worker has it: drop it, and go on with the next."""


class Unavailable(Exception):
    """The API is away or busy. Every request may be repeated."""


class Refused(Exception):
    """This request is wrong, and would be the next time too."""


def post(path, body):
    request = urllib.request.Request(API + path, json.dumps(body).encode(), HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            raise LeaseLost from None
        if error.code >= 500:
            raise Unavailable from None
        raise Refused(error.read().decode()) from None
    except (OSError, http.client.HTTPException):  # refused, closed, cut short, timed out
        raise Unavailable from None


def renew_until(done, lost, lease):
    """Keeps the lease while the work goes on, and learns from it that the order was cancelled."""
    while not done.wait(LEASE_SECONDS / 3):
        try:
            post(f"/leases/{lease}/renew", {"lease_seconds": LEASE_SECONDS})
        except LeaseLost:
            lost.set()
            return
        except Unavailable:
            pass  # the next one may still come in time


def settle(lease, action, body):
    while True:
        try:
            return post(f"/leases/{lease}/{action}", body)
        except Unavailable:
            time.sleep(1)


def greet(payload, lost):
    """The work itself; it may stop early once the lease is lost."""
    name = payload["name"]
    lost.wait(payload.get("seconds", 0))
    return {"greeting": f"hello, {name}"}


def handle(order):
    lease, done, lost = order["lease"], threading.Event(), threading.Event()
    renewal = threading.Thread(target=renew_until, args=(done, lost, lease), daemon=True)
    renewal.start()
    try:
        action, body = "complete", greet(order["payload"], lost)
    except Exception as error:  # pylint: disable=broad-except
        action, body = "fail", {"reason": "cannot_greet", "detail": repr(error)}
    done.set()
    try:
        settle(lease, action, body)
    except LeaseLost:
        print(f"lease {lease} is lost: the order is not ours any more", file=sys.stderr)
    except Refused as problem:
        print(f"{action} was refused: {problem}", file=sys.stderr)


def main():
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    # A claim that waits is not given up at a stop: its answer may be on the way. So it waits
    # briefly.
    claim = {
        "worker": WORKER,
        "kinds": ["greet"],
        "wait_seconds": 5,
        "lease_seconds": LEASE_SECONDS,
    }
    while not stopping.is_set():
        try:
            orders = post("/claims", claim)["orders"]
        except Unavailable:
            stopping.wait(1)
            continue
        for order in orders:
            handle(order)


if __name__ == "__main__":
    main()

#!/usr/bin/env node
// A worker for orders of the kind "greet", one at a time, until SIGTERM. Needs Node 18, and no
// packages.
//   ORDERS_URL     where the API is
//   ORDERS_TOKEN   its token, if it asks for one
//   WORKER         this worker's name
//   LEASE_SECONDS  how long after this worker's death another one gets its order

import { setTimeout as sleep } from "node:timers/promises";

const env = process.env;
const api = (env.ORDERS_URL ?? "http://127.0.0.1:8099") + "/api/v1";
const worker = env.WORKER ?? `js-${process.pid}`;
const leaseSeconds = Number(env.LEASE_SECONDS ?? 30);
const headers = { "Content-Type": "application/json" };
if (env.ORDERS_TOKEN) headers.Authorization = `Bearer ${env.ORDERS_TOKEN}`;

// The order has ended, or another worker has it: drop it, and go on with the next.
class LeaseLost extends Error {}
// The API is away or busy. Every request may be repeated.
class Unavailable extends Error {}

async function post(path, body) {
  let answer, text;
  try {
    answer = await fetch(api + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    text = await answer.text();
  } catch (error) {
    throw new Unavailable(error.message);
  }
  if (answer.ok) return JSON.parse(text);
  if (answer.status === 409) throw new LeaseLost();
  if (answer.status >= 500) throw new Unavailable(text);
  throw new Error(`${path} was refused: ${text}`);
}

// Keeps the lease while the work goes on, and learns from it that the order was cancelled.
async function renewUntil(done, lost, lease) {
  while (true) {
    await sleep((leaseSeconds * 1000) / 3, null, { signal: done }).catch(() => {});
    if (done.aborted) return;
    try {
      await post(`/leases/${lease}/renew`, { lease_seconds: leaseSeconds });
    } catch (error) {
      if (error instanceof LeaseLost) return lost.abort();
      // Otherwise the next one may still come in time.
    }
  }
}

async function settle(lease, action, body) {
  while (true) {
    try {
      return await post(`/leases/${lease}/${action}`, body);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      await sleep(1000);
    }
  }
}

// The work itself; it may stop early once the lease is lost.
async function greet(payload, lost) {
  if (typeof payload?.name !== "string") throw new Error("the payload has no name");
  await sleep((payload.seconds ?? 0) * 1000, null, { signal: lost });
  return { greeting: `hello, ${payload.name}` };
}

async function handle({ lease, payload }) {
  const done = new AbortController();
  const lost = new AbortController();
  renewUntil(done.signal, lost, lease);
  let settlement;
  try {
    settlement = ["complete", await greet(payload, lost.signal)];
  } catch (error) {
    settlement = ["fail", { reason: "cannot_greet", detail: error.message }];
  }
  done.abort();
  try {
    await settle(lease, ...settlement);
  } catch (error) {
    if (!(error instanceof LeaseLost)) return console.error(error.message);
    console.error(`lease ${lease} is lost: the order is not ours any more`);
  }
}

let isStopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => (isStopping = true));

// A claim that waits is not given up at a stop: its answer may be on the way. So it waits
// briefly.
const claim = { worker, kinds: ["greet"], wait_seconds: 5, lease_seconds: leaseSeconds };
while (!isStopping) {
  try {
    for (const order of (await post("/claims", claim)).orders) await handle(order);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await sleep(1000);
  }
}

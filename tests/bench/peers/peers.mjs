// Job queues on PostgreSQL that others made, doing what the benchmark has this project do, with the
// settings that their documents give for speed.
//
//     node peers.mjs front URL           pg-boss behind a plain HTTP server: a POST stores a job
//     node peers.mjs pg-boss URL JOBS    stores so many jobs, then has them done; prints the rate
//     node peers.mjs graphile URL JOBS   the same by graphile-worker
//
// Jobs do nothing. Packages come from the lock file beside this; see `./dev help`.

import { createServer } from "node:http";
import PgBoss from "pg-boss";
import { Logger, makeWorkerUtils, run } from "graphile-worker";

const queue = "orders";
const atATime = 64;
const portion = 1000;

async function openBoss(url) {
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  await boss.start();
  await boss.createQueue(queue);
  return boss;
}

async function front(url) {
  const boss = await openBoss(url);
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      const order = JSON.parse(Buffer.concat(parts));
      await boss.send(queue, order);
      const body = JSON.stringify({ ...order, status: "Pending" });
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(body);
    });
  });
  server.listen(0, "127.0.0.1", () => console.error(`listening port=${server.address().port}`));
  process.on("SIGTERM", () => process.exit(0));
}

function printRate(jobs, begin) {
  const seconds = (performance.now() - begin) / 1000;
  console.error(`done per_second=${Math.round(jobs / seconds)}`);
}

function* portions(jobs) {
  for (let stored = 0; stored < jobs; stored += portion) yield Math.min(portion, jobs - stored);
}

// Two loops that fetch and complete as many at a time as did best: the batches of its own work()
// wait half a second for each other.
async function drainBoss(url, jobs) {
  const boss = await openBoss(url);
  for (const size of portions(jobs)) {
    await boss.insert(Array.from({ length: size }, () => ({ name: queue, data: {} })));
  }
  await boss.getDb().executeSql("ANALYZE pgboss.job");
  const begin = performance.now();
  let done = 0;
  const loop = async () => {
    for (;;) {
      const fetched = await boss.fetch(queue, { batchSize: portion });
      if (fetched.length === 0) return;
      await boss.complete(queue, fetched.map((job) => job.id));
      done += fetched.length;
    }
  };
  await Promise.all([loop(), loop()]);
  if (done !== jobs) throw new Error(`${done} of ${jobs} were done`);
  printRate(jobs, begin);
  await boss.stop({ graceful: false });
}

async function drainGraphile(url, jobs) {
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: url, logger });
  await utils.migrate();
  for (const size of portions(jobs)) {
    await utils.addJobs(Array.from({ length: size }, () => ({ identifier: queue, payload: {} })));
  }
  const begin = performance.now();
  let done = 0;
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const runner = await run({
    logger,
    noHandleSignals: true,
    taskList: { [queue]: () => { if (++done === jobs) finish(); } },
    preset: {
      worker: {
        connectionString: url,
        concurrentJobs: atATime,
        maxPoolSize: 10,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  await finished;
  await runner.stop(); // what is done is written
  printRate(jobs, begin);
  await utils.release();
}

const [mode, url, jobs] = process.argv.slice(2);
switch (mode) {
  case "front":
    await front(url);
    break;
  case "pg-boss":
    await drainBoss(url, Number(jobs));
    break;
  case "graphile":
    await drainGraphile(url, Number(jobs));
    break;
  default:
    console.error("usage: peers.mjs front|pg-boss|graphile URL [JOBS]");
    process.exit(2);
}

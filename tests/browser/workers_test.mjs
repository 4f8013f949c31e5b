// Workers and endpoints: those that live, what they hold, one that dies, a webhook that fails.

import {audit, fits, goTo, openTab, says, shoot, test} from "./support.mjs";

test("a worker shows with the orders that it holds, and as gone once it has died", async (world, browser) => {
  await world.startApi();
  const worker = await world.startWorker(["--time-unit-ms", "1000", "--order-process-timeout", "60"]);
  await world.createMany(7, (index) => ({order_id: `a${index}`, processing_time: 60}));
  const page = await openTab(browser);
  await goTo(page, world, "workers");
  await says(page, "[data-panel=workers]", "7 of 10");
  await says(page, "[data-panel=workers] .held", "and 2 more");
  await says(page, "[data-panel=workers] .held", "a0");
  await says(page, "[data-panel=workers]", /seen \d+ s ago/);
  await says(page, "[data-panel=workers]", /The first lease ends in \d+ s/);
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const other = await openTab(browser, {theme, width});
      await goTo(other, world, "workers");
      await says(other, "[data-panel=workers]", "Live");
      await audit(other, `workers, ${theme}, ${width} px`);
      await fits(other, `workers, ${theme}, ${width} px`);
      await shoot(other, `workers-${theme}-${width}`);
      other.isQuiet();
    }
  }
  await worker.end("SIGKILL");
  await says(page, "[data-panel=workers] tr.gone", "Gone");
  await audit(page, "a worker that is gone");
  await goTo(page, world);
  await says(page, "[data-panel=now]", "No live worker");
  page.isQuiet();
});

test("an endpoint shows, and that its breaker is open", async (world, browser) => {
  await world.startApi();
  await world.startWorker(["--simulate", "none", "--webhook", "mail=http://127.0.0.1:9/"]);
  const page = await openTab(browser);
  await goTo(page, world, "workers");
  await says(page, "[data-panel=endpoints]", /mail.*Closed/s);
  await world.createMany(60, (index) => ({order_id: `m${index}`, kind: "mail"}));
  await says(page, "[data-panel=endpoints]", "Open");
  await goTo(page, world);
  await says(page, "[data-panel=now]", "The breaker of the webhook for mail is open.");
  page.isQuiet();
});

// The overview, on a store in which orders come and are worked off.

import assert from "node:assert/strict";
import {agree, audit, fits, goTo, openTab, says, shoot, test} from "./support.mjs";

const tile = (name) => `.tile:has(.label:text-is("${name}"))`;
const statusTile = (name) => `.tile:has(.status:text-is("${name}"))`;

test("counts, ages, workers and kinds are those of the report, and go on by themselves", async (world, browser) => {
  await world.startApi();
  await world.createMany(30, (index) => ({order_id: `a${index}`, priority: index % 3 ? "Normal" : "High"}));
  await world.create({order_id: "later", delay_seconds: 3600});
  await world.create({order_id: "mail", kind: "mail"});
  const page = await openTab(browser);
  await goTo(page, world);
  await says(page, statusTile("Pending"), "32");
  await says(page, statusTile("Pending"), "1 of them wait for a time");
  await says(page, "[data-panel=now]", "No live worker");
  await says(page, "[data-panel=kinds] tr", /mail.*Unattended/s);
  await says(page, tile("Oldest High"), /ms|s/);

  await world.startWorker(["--simulate", "default"]);
  await says(page, statusTile("Processed"), "30");
  await says(page, "[data-panel=now]", "1 live");
  await says(page, tile("Oldest High"), "none waits");
  await says(page, "#live", "Live");
  page.isQuiet();
});

test("a tile leads to the orders that it counts, and a range stands in the address", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1"});
  const page = await openTab(browser);
  await goTo(page, world);
  await page.locator(statusTile("Pending")).click();
  await says(page, "tbody", "a1");
  assert.match(page.url(), /\/ui\/orders\?status=Pending$/);
  await page.goBack();
  await page.getByRole("link", {name: "6 h"}).click();
  assert.match(page.url(), /minutes=360/);
  await page.reload();
  await says(page, ".ranges [aria-current]", "6 h");
  page.isQuiet();
});

test("a kind is paused and resumed, after a question", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "m1", kind: "mail"});
  const page = await openTab(browser);
  await goTo(page, world);
  const row = "[data-panel=kinds] tr[data-key=mail]";
  await page.locator(`${row} button`).click();
  await page.keyboard.press("Escape"); // not yet
  assert.equal((await world.ask("GET", "api/v1/report")).kinds[1].paused, false);
  await page.locator(`${row} button`).click();
  await agree(page, "Pause the kind mail?", "0 in work go on, 1 wait");
  await says(page, row, "Paused");
  await says(page, "#result", "The kind mail is paused");
  assert.equal((await world.ask("GET", "api/v1/report")).kinds[1].paused, true);
  await page.locator(`${row} button`).click();
  await agree(page, "Resume the kind mail?");
  await says(page, row, "Unattended");
  page.isQuiet();
});

test("it can be read by everybody, in both themes and at 360 px", async (world, browser) => {
  await world.startApi();
  await world.createMany(300, (index) => ({order_id: `a${index}`, kind: index % 4 ? "default" : "mail"}));
  await world.startWorker();
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const page = await openTab(browser, {theme, width});
      await goTo(page, world);
      await says(page, "[data-panel=kinds]", "mail");
      await audit(page, `overview, ${theme}, ${width} px`);
      await fits(page, `overview, ${theme}, ${width} px`);
      await shoot(page, `overview-${theme}-${width}`);
      page.isQuiet();
    }
  }
});

// As if it had gone on for a while: samples are ten seconds apart, and no test waits for so many.
function madeUpHistory() {
  const count = 90;
  const wave = (at, mean, swing) => Math.max(0, Math.round(mean + swing * Math.sin(at / 9) + 0.4 * swing * Math.sin(at / 2.3)));
  const column = (mean, swing, shift = 0) => Array.from({length: count}, (_, at) => wave(at + shift, mean, swing));
  return {
    interval_seconds: 10, first_at: new Date(Date.now() - count * 10000).toISOString(),
    created: column(46, 16), processed: column(43, 14, -2), failed: column(2, 2), cancelled: column(0, 0),
    pending_high: column(4, 4), pending_normal: column(90, 60, 6), processing: column(9, 2),
    oldest_high_seconds: column(1, 1), oldest_normal_seconds: column(14, 10, 6)};
}

test("the picture of it in the README", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser, {height: 1010});
  await page.route("**/api/v1/report/history?*", (route) => route.fulfill({
    contentType: "application/json", body: JSON.stringify(madeUpHistory())}));
  await world.startWorker(["--time-unit-ms", "1000", "--simulate", "default,invoice", "--order-process-timeout", "60"]);
  await world.createMany(1480, (index) => ({order_id: `mail-${index}`, kind: "mail", priority: index % 8 ? "Normal" : "High"}));
  for (let claim = 0; claim < 12; ++claim) {
    const {orders} = await world.ask("POST", "api/v1/claims", {worker: "mailer-1", kinds: ["mail"], limit: 82});
    await world.ask("POST", "api/v1/leases/batch", {leases: orders.map(({lease}, index) => index % 41 ?
      {lease, action: "complete"} : {lease, action: "fail", reason: "http_503", detail: "the mail server is full"})});
  }
  await world.createMany(9, (index) => ({order_id: `invoice-${index}`, kind: "invoice", processing_time: 50, priority: index % 3 ? "Normal" : "High"}));
  await world.createMany(12, (index) => ({order_id: `reminder-${index}`, kind: "default", delay_seconds: 1800}));
  await world.ask("POST", "api/v1/kinds/report/pause");
  await world.ask("POST", "api/v1/orders/mail-1479/cancel");
  await goTo(page, world);
  await says(page, "[data-panel=kinds]", "invoice");
  await says(page, "[data-panel=now]", "9 orders in work");
  await says(page, "[data-panel=flow] .legend", /created\s*\d/);
  await shoot(page, "readme");
  page.isQuiet();
});

test("how long orders wait and commits take comes from the metrics of the last minute", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser);
  await page.clock.install();
  let scrapes = 0;
  await page.route("**/metrics", (route) => {
    const old = scrapes++ === 0;
    route.fulfill({contentType: "text/plain; version=0.0.4", body: [
      "# HELP orders_queue_wait_seconds From due to claimed",
      ...[["0.1", 10, 60], ["1", 10, 109], ["+Inf", 10, 110]].map(([bound, before, after]) =>
        `orders_queue_wait_seconds_bucket{priority="High",le="${bound}"} ${old ? before : after}`),
      "orders_store_database_bytes 2097152", "orders_store_wal_bytes 1048576",
      "orders_store_disk_free_bytes 3.221225472e+09", ""].join("\n")});
  });
  await goTo(page, world);
  await says(page, "[data-part=figures]", /Orders waited\s*–/);
  await says(page, "[data-part=figures]", "2 MiB, log 1 MiB, 3 GiB free");
  await page.clock.runFor(31000);
  await says(page, "[data-part=figures]", "half within 100 ms, 99 of 100 within 1 s");
  page.isQuiet();
});

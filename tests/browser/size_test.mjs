// A million orders, most of them ended: every page answers as with few. In the long form only.

import assert from "node:assert/strict";
import {agree, goTo, isLong, openTab, says, shoot, test} from "./support.mjs";

const count = isLong ? 1_000_000 : 2_000;

test("with many orders every page shows, and nothing is counted to the end", async (world, browser) => {
  await world.startApi(["--max-pending-orders", "2000000"]);
  await world.createMany(count - 1000, (index) => ({order_id: `o${index}`, kind: index % 10 ? "default" : "mail",
    priority: index % 4 ? "Normal" : "High"}));
  await world.startWorker(["--simulate", "default", "--time-unit-ms", "0", "--worker-count", "100"]);
  const page = await openTab(browser);
  const timed = async (what, path, selector, pattern) => {
    const begun = performance.now();
    await goTo(page, world, path);
    await says(page, selector, pattern);
    console.log(`${what}: ${Math.round(performance.now() - begun)} ms`);
  };
  const mail = Math.ceil((count - 1000) / 10).toLocaleString("en");
  await timed("overview", "", "[data-panel=kinds]", new RegExp(`mail.*${mail}`, "s"));
  await world.createMany(1000, (index) => ({order_id: `late${index}`, kind: "mail"}));
  await timed("list", "orders", "tbody", "late999");
  await timed("list of a kind", "orders?kind=mail&status=Pending", "tbody", "late999");
  await timed("list of what nobody has", "orders?reason=nothing", "tbody", /No order fits|looks further/);
  await timed("an order", "order?id=o0", "[data-part=fields]", "mail");
  await timed("workers", "workers", "[data-panel=workers]", "Live");
  await goTo(page, world, "orders?kind=mail&status=Pending");
  await page.locator("[data-act=cancel-all]").click();
  if (isLong) await says(page, "#confirm", "More than 10,000 orders fit");
  await agree(page, "Cancel all orders with status Pending, kind mail?");
  await says(page, "#result", "orders cancelled");
  const {counts} = await world.ask("GET", "api/v1/report");
  assert.equal(counts.Cancelled, isLong ? 10_000 : 1_100);
  await shoot(page, "many-orders");
  page.isQuiet();
});

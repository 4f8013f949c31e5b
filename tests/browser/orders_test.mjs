// The list: filters, pages, finding by id, choosing, and acting on many.

import assert from "node:assert/strict";
import {agree, audit, fits, goTo, openTab, says, shoot, test, text} from "./support.mjs";

const rows = "[data-panel=list] tbody tr";
const ids = (page) => page.locator(`${rows} th`).allInnerTexts();

test("filters narrow the list and stand in the address, which another reader can open", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "n1"});
  await world.create({order_id: "h1", priority: "High"});
  await world.create({order_id: "m1", kind: "mail"});
  await world.create({order_id: "c1", kind: "mail"});
  await world.ask("POST", "api/v1/orders/c1/cancel");
  const page = await openTab(browser);
  await goTo(page, world, "orders");
  await says(page, "tbody", "n1");
  assert.deepEqual(await ids(page), ["c1", "m1", "h1", "n1"]);
  await page.getByLabel("Kind").fill("mail");
  await page.getByLabel("Kind").press("Enter");
  await page.getByLabel("Status").selectOption("Cancelled");
  await page.waitForURL(/status=Cancelled.*kind=mail/);
  await says(page, "tbody", "c1");
  const other = await openTab(browser);
  await other.goto(page.url());
  await says(other, "tbody", "c1");
  assert.deepEqual(await ids(other), ["c1"]);
  await other.getByRole("button", {name: "Clear"}).click();
  await says(other, "tbody", "n1");
  await goTo(other, world, "orders?kind=nobody");
  await says(other, ".empty", "No order fits.");
  // What the API refuses is said, as it says it.
  page.isQuiet();
  other.isQuiet();
});

test("a time filter is in the zone that is shown", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1"});
  const page = await openTab(browser, {zone: "Asia/Tokyo"});
  await goTo(page, world, "orders");
  await page.getByLabel("Created from").fill("2026-01-02T09:00:00");
  await page.getByLabel("Created from").dispatchEvent("change");
  await page.waitForURL(/created_after=2026-01-02T00%3A00%3A00.000Z/);
  await page.getByRole("button", {name: "Local time"}).click();
  await page.waitForFunction(() =>
    document.querySelector("[name=created_after]").value.startsWith("2026-01-02T00:00"));
  page.isQuiet();
});

test("pages go to older orders and back", async (world, browser) => {
  await world.startApi();
  await world.createMany(120, (index) => ({order_id: `p${String(index).padStart(3, "0")}`}));
  const page = await openTab(browser);
  await goTo(page, world, "orders");
  await says(page, "tbody", "p119");
  assert.equal((await ids(page)).length, 50);
  await page.getByRole("link", {name: "Older"}).click();
  await says(page, "tbody", "p069");
  await page.getByRole("link", {name: "Older"}).click();
  await says(page, "tbody", "p000");
  assert.equal((await ids(page)).length, 20);
  assert.equal(await page.locator("[data-part=older][href]").count(), 0);
  await page.getByRole("link", {name: "Newest"}).click();
  await says(page, "tbody", "p119");
  page.isQuiet();
});

test("new orders appear at the top, and what is chosen stays chosen", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1"});
  await world.create({order_id: "a2"});
  const page = await openTab(browser);
  await goTo(page, world, "orders");
  await page.getByLabel("Choose a1").check();
  await world.create({order_id: "a3"});
  await says(page, "tbody", "a3");
  assert.ok(await page.getByLabel("Choose a1").isChecked());
  await says(page, "[data-part=chosen]", "1 chosen");
  page.isQuiet();
});

test("an order is found by its exact id", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "x~1:y.z-0_A"});
  const page = await openTab(browser, {expected: /404/});
  await goTo(page, world);
  await page.keyboard.press("/");
  await page.keyboard.type("x~1:y.z-0_A");
  await page.keyboard.press("Enter");
  await says(page, "h1", "x~1:y.z-0_A");
  await says(page, "[data-part=fields]", "Pending");
  await page.keyboard.press("/");
  await page.locator("#find-id").fill("missing");
  await page.keyboard.press("Enter");
  await says(page, "[data-panel=order] > .note", "There is no order with this id");
  page.isQuiet();
});

test("what was chosen is cancelled and retried, each as by itself", async (world, browser) => {
  await world.startApi();
  await world.createMany(4, (index) => ({order_id: `a${index}`}));
  const page = await openTab(browser, {expected: /409/});
  await goTo(page, world, "orders");
  await page.getByLabel("Choose a0").check();
  await page.getByLabel("Choose a1").check();
  // Somebody else was first with one of them.
  await page.locator("[data-act=cancel]").click();
  await says(page, "#confirm", "Cancel 2 orders?");
  await world.ask("POST", "api/v1/orders/a1/cancel");
  await agree(page, "Cancel 2 orders?");
  await says(page, "#result", "1 of 2 orders cancelled.");
  await says(page, "#result .fault", "a1:");
  await page.getByLabel("Choose all of this page").check();
  await says(page, "[data-part=chosen]", "4 chosen");
  await page.getByLabel("Choose all of this page").uncheck();
  await page.getByLabel("Choose a0").check();
  await page.locator("[data-act=retry]").click();
  await agree(page, "Retry 1 order?");
  await says(page, "tbody tr:has-text('a0')", "Pending");
  const {counts} = await world.ask("GET", "api/v1/report");
  assert.deepEqual([counts.Pending, counts.Cancelled], [3, 1]);
  page.isQuiet();
});

test("all that fit are counted before anything is done to them", async (world, browser) => {
  await world.startApi();
  await world.createMany(600, (index) => ({order_id: `m${index}`, kind: "mail"}));
  await world.createMany(5, (index) => ({order_id: `d${index}`}));
  const page = await openTab(browser);
  await goTo(page, world, "orders");
  await says(page, "tbody", "d0");
  assert.ok(await page.locator("[data-act=cancel-all]").isDisabled(), "not without a filter");
  await goTo(page, world, "orders?kind=mail");
  await page.locator("[data-act=cancel-all]").click();
  await says(page, "#confirm", "600 orders fit.");
  await shoot(page, "bulk-cancel");
  await page.keyboard.press("Escape");
  assert.equal((await world.ask("GET", "api/v1/report")).counts.Cancelled, 0);
  await page.locator("[data-act=cancel-all]").click();
  await agree(page, "Cancel all Pending and Processing orders with kind mail?", "600 orders fit.");
  await says(page, "#result", "600 orders cancelled.");
  await says(page, "tbody", "Cancelled");
  await goTo(page, world, "orders?kind=mail&status=Cancelled");
  assert.ok(await page.locator("[data-act=cancel-all]").isDisabled(), "what is cancelled");
  await page.locator("[data-act=retry-all]").click();
  await agree(page, "Retry all orders with status Cancelled, kind mail?", "600 orders fit.");
  await says(page, "#result", "600 orders to be tried again.");
  assert.equal((await world.ask("GET", "api/v1/report")).counts.Pending, 605);
  await goTo(page, world, "orders?kind=none");
  await page.locator("[data-act=cancel-all]").click();
  await says(page, "#confirm", "None fit.");
  assert.ok(await page.locator("#confirm [data-part=yes]").isDisabled());
  page.isQuiet();
});

test("a count that comes late does not answer another question", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1", kind: "mail"});
  const page = await openTab(browser);
  await goTo(page, world, "orders?kind=mail");
  await says(page, "tbody", "a1");
  let letGo;
  const isLate = new Promise((resolve) => { letGo = resolve; });
  await page.route("**/api/v1/orders/cancel", async (route) => {
    await isLate;
    await route.continue();
  });
  await page.locator("[data-act=cancel-all]").click();
  await says(page, "#confirm", "Counting");
  await page.keyboard.press("Escape");
  await page.locator("[data-act=retry-all]").click();
  await says(page, "#confirm", "None fit.");
  const late = page.waitForResponse("**/api/v1/orders/cancel");
  letGo();
  await (await late).finished();
  await page.evaluate(() => new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  }));
  assert.equal(await text(page, "#confirm [data-part=text]"), "None fit.");
  assert.ok(await page.locator("#confirm [data-part=yes]").isDisabled());
  page.isQuiet();
});

test("the count of very many is bounded, and says so", async (world, browser) => {
  await world.startApi();
  await world.createMany(10001, (index) => ({order_id: `m${index}`}));
  const page = await openTab(browser);
  await goTo(page, world, "orders?status=Pending");
  await page.locator("[data-act=cancel-all]").click();
  await agree(page, "Cancel all orders with status Pending?", "More than 10,000 orders fit; the 10,000 that came first");
  await says(page, "#result", "10,000 orders cancelled; there are more that fit.");
  assert.equal((await world.ask("GET", "api/v1/report")).counts.Pending, 1);
  page.isQuiet();
});

test("keys move through the rows, choose and open; not while one types", async (world, browser) => {
  await world.startApi();
  await world.createMany(3, (index) => ({order_id: `k${index}`}));
  const page = await openTab(browser);
  await goTo(page, world, "orders");
  await says(page, "tbody", "k2");
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await focused(), "k1");
  await page.keyboard.press("k");
  assert.equal(await focused(), "k2");
  await page.keyboard.press("x");
  await says(page, "[data-part=chosen]", "1 chosen");
  await page.keyboard.press("?");
  await says(page, "#keys", "next and previous row");
  await audit(page, "the keys");
  await page.keyboard.press("Escape");
  await page.getByLabel("Kind").fill("");
  await page.getByLabel("Kind").pressSequentially("jk?/p");
  assert.equal(await page.getByLabel("Kind").inputValue(), "jk?/p");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.getByLabel("Kind").fill("");
  await page.locator("tbody a", {hasText: "k2"}).focus();
  await page.keyboard.press("Enter");
  await says(page, "h1", "k2");
  page.isQuiet();
});

test("it can be read by everybody, in both themes and at 360 px", async (world, browser) => {
  await world.startApi();
  await world.createMany(20, (index) => ({order_id: `order-${index}`, kind: index % 3 ? "mail" : "default",
    priority: index % 2 ? "High" : "Normal", ...(index % 5 ? {} : {delay_seconds: 900})}));
  await world.startWorker(["--simulate", "default"]);
  await world.ask("POST", "api/v1/orders/order-19/cancel");
  const job = await world.claim("mail");
  await world.ask("POST", `api/v1/leases/${job.lease}/fail`, {reason: "http_500", detail: "the mail server is full"});
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const page = await openTab(browser, {theme, width});
      await goTo(page, world, "orders");
      await says(page, "tbody", "Failed");
      await audit(page, `orders, ${theme}, ${width} px`);
      await fits(page, `orders, ${theme}, ${width} px`);
      await shoot(page, `orders-${theme}-${width}`);
      page.isQuiet();
    }
  }
});

// One order: what it shows, however it was sent, and what is done to it.

import assert from "node:assert/strict";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {agree, audit, failedAnswers, fits, goTo, openTab, says, shoot, text, test} from "./support.mjs";

const markup = '<img src=x onerror="document.title=\'owned\'"><script>document.title=\'owned\'</script>';

async function failOnce(world, id, retry) {
  const job = await world.claim("job");
  assert.equal(job.order_id, id);
  await world.ask("POST", `api/v1/leases/${job.lease}/fail`,
    {reason: "http_500", detail: `no luck ${markup}`, retry, retry_after_seconds: 0});
}

test("what happened to it is told from its first attempt to its end", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1", kind: "job", payload: {to: "ann@example.com"}, max_attempts: 3, backoff_seconds: 1});
  await failOnce(world, "a1", true);
  const page = await openTab(browser);
  await goTo(page, world, "order?id=a1");
  await says(page, ".timeline", "retry");
  await says(page, ".timeline", "http_500");
  await world.claim("job", "w2").then((job) =>
    world.ask("POST", `api/v1/leases/${job.lease}/complete`, {message_id: 17}));
  await says(page, "[data-part=fields]", "Processed");
  await says(page, ".timeline", "begun by api:w2");
  await says(page, "[data-part=result]", '"message_id": 17');
  await says(page, "[data-part=payload]", '"to": "ann@example.com"');
  page.isQuiet();
});

test("markup in payload, result, reason and id is text", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1", kind: "job", payload: {html: markup, [markup]: 1}});
  const job = await world.claim("job");
  await world.ask("POST", `api/v1/leases/${job.lease}/fail`, {reason: "odd", detail: markup});
  const page = await openTab(browser, {expected: /404/});
  await goTo(page, world, "order?id=a1");
  await says(page, "[data-part=payload]", "<img src=x");
  await says(page, ".timeline", "<script>");
  await goTo(page, world, "orders");
  await says(page, "tbody", "odd");
  await goTo(page, world, `order?id=${encodeURIComponent(markup)}`);
  await says(page, "h1", "<img src=x");
  await goTo(page, world, `orders?reason=${encodeURIComponent(markup)}&kind=${encodeURIComponent(markup)}`);
  await says(page, "[data-panel=list]", /kind/);
  assert.notEqual(await page.title(), "owned");
  assert.equal(await page.locator("main img").count(), 0);
  page.said = page.said.filter((line) => !line.includes("400"));
  page.isQuiet();
});

test("a payload is shown as it was sent: all digits, and folded if it is long", async (world, browser) => {
  await world.startApi();
  const sent = '{"order_id":"a1","priority":"High","payload":{"n":12345678901234567890.10,"payload":"x","list":[ ],"text":"' +
    "y".repeat(9000) + '"}}';
  await fetch(new URL("api/v1/orders", world.url),
    {method: "POST", headers: {"Content-Type": "application/json"}, body: sent});
  const page = await openTab(browser);
  await goTo(page, world, "order?id=a1");
  await says(page, "[data-part=payload]", '"n": 12345678901234567890.10');
  const short = (await text(page, "[data-part=payload] pre")).length;
  assert.ok(short <= 4096, `${short}`);
  await page.getByRole("button", {name: "Show all"}).click();
  assert.ok((await text(page, "[data-part=payload] pre")).length > 9000);
  await page.locator("[data-part=payload] button", {hasText: "Copy"}).click();
  await says(page, "#result", "Copied.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.startsWith('{"n":12345678901234567890.10,"payload":"x","list":[ ]'), copied.slice(0, 60));
  page.isQuiet();
});

test("it is changed, begun early, cancelled and retried, after a question", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1", delay_seconds: 3600});
  const page = await openTab(browser);
  await goTo(page, world, "order?id=a1");
  await page.getByRole("button", {name: "Make it High…"}).click();
  await agree(page, "Make order a1 High?");
  await says(page, "[data-part=fields]", "High");
  await page.getByRole("button", {name: "Have it begun now…"}).click();
  await agree(page, "Have order a1 begun now?");
  await says(page, ".timeline", "in the queue");
  await page.getByRole("button", {name: "Cancel…"}).click();
  await page.getByRole("button", {name: "Leave it"}).click();
  assert.equal((await world.ask("GET", "api/v1/orders/a1")).status, "Pending");
  await page.getByRole("button", {name: "Cancel…"}).click();
  await agree(page, "Cancel order a1?");
  await says(page, "[data-part=fields]", "Cancelled");
  await page.getByRole("button", {name: "Retry…"}).click();
  await agree(page, "Retry order a1?");
  await says(page, "[data-part=fields]", "Pending");
  assert.equal((await world.ask("GET", "api/v1/orders/a1")).status, "Pending");
  page.isQuiet();
});

test("who did something to it is told by name", async (world, browser) => {
  const file = join(world.directory, "tokens");
  writeFileSync(file, "s3cret-of-ann-0123456789 read,submit,operate ann\n");
  await world.startApi(["--tokens-file", file]);
  world.token = "s3cret-of-ann-0123456789";
  await world.create({order_id: "a1"});
  await world.ask("POST", "api/v1/orders/a1/cancel");
  const page = await openTab(browser, {expected: failedAnswers});
  await goTo(page, world, "order?id=a1");
  await page.locator("#sign-in input").fill(world.token);
  await page.keyboard.press("Enter");
  await says(page, ".timeline", "cancelled by ann");
  page.isQuiet();
});

test("what came too late is said, and done to nothing", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1", kind: "job"});
  const page = await openTab(browser, {expected: /409/});
  await goTo(page, world, "order?id=a1");
  await page.getByRole("button", {name: "Cancel…"}).click();
  const job = await world.claim("job");
  await world.ask("POST", `api/v1/leases/${job.lease}/complete`);
  await agree(page, "Cancel order a1?");
  await says(page, "#result .fault", "Not done.");
  await says(page, "[data-part=fields]", "Processed");
  page.isQuiet();
});

test("it can be read by everybody, in both themes and at 360 px", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "invoice-2026-0815", kind: "job", max_attempts: 2, backoff_seconds: 1,
    payload: {to: "ann@example.com", lines: [{sku: "A-1", count: 2}]}});
  await failOnce(world, "invoice-2026-0815", true);
  await failOnce(world, "invoice-2026-0815", true);
  for (const theme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const page = await openTab(browser, {theme, width});
      await goTo(page, world, "order?id=invoice-2026-0815");
      await says(page, "[data-part=fields]", "Failed");
      await audit(page, `order, ${theme}, ${width} px`);
      await fits(page, `order, ${theme}, ${width} px`);
      await shoot(page, `order-${theme}-${width}`);
      page.isQuiet();
    }
  }
  const page = await openTab(browser);
  await goTo(page, world, "order?id=invoice-2026-0815");
  await page.getByRole("button", {name: "Retry…"}).click();
  await says(page, "#confirm", "Retry order invoice-2026-0815?");
  await audit(page, "a question");
  await shoot(page, "question");
});

// What the page says when not all is well: loading, empty, stale, failed, no token, a wrong one, one
// that may only read, an API that anybody may use, one that is busy.

import assert from "node:assert/strict";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {agree, audit, failedAnswers, goTo, openTab, says, shoot, test} from "./support.mjs";

const tokens = {API_TOKENS: "s3cret-0123456789"};

test("before the first answer it says that it is loading, and an empty store is none that failed", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser);
  let answer;
  const mayAnswer = new Promise((resolve) => { answer = resolve; });
  await page.route("**/api/v1/orders?*", async (route) => {
    await mayAnswer;
    await route.continue();
  });
  await goTo(page, world, "orders");
  await says(page, "[data-panel=list] > .note", "Loading…");
  answer();
  await says(page, ".empty", "There are no orders yet.");
  await goTo(page, world, "workers");
  await says(page, "[data-panel=workers]", "No live worker");
  await says(page, "[data-panel=endpoints]", "No live worker sends orders to a webhook.");
  page.isQuiet();
});

test("an API that goes leaves what was shown, with its time, and is there again when it returns", async (world, browser) => {
  const api = await world.startApi();
  await world.create({order_id: "a1"});
  const page = await openTab(browser, {expected: failedAnswers});
  await goTo(page, world, "orders");
  await says(page, "tbody", "a1");
  await api.end("SIGKILL");
  await says(page, "[data-panel=list] > .note", /As of \d\d:\d\d:\d\d; trying again/);
  await says(page, "#banners", "The API does not answer.");
  await says(page, "#live", "Trying again");
  assert.ok(await page.locator("tbody", {hasText: "a1"}).isVisible());
  await audit(page, "stale");
  await shoot(page, "stale");
  await world.startApi();
  await world.create({order_id: "a2"});
  await says(page, "tbody", "a2");
  await says(page, "#live", "Live");
  await page.locator("#banners > *").waitFor({state: "detached"});
  page.isQuiet();
});

test("what cannot be read at all is said in place of it", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser, {expected: failedAnswers});
  await page.route("**/api/v1/report", (route) => route.fulfill({
    status: 503, contentType: "application/problem+json", headers: {"Retry-After": "2"},
    body: JSON.stringify({detail: "The orders cannot be read now; try again."})}));
  await goTo(page, world);
  await says(page, "[data-panel=kinds] > .note", "The orders cannot be read now; try again. Trying again.");
  assert.equal(await page.locator("[data-panel=kinds] table").isVisible(), false);
  await audit(page, "failed");
  await page.unroute("**/api/v1/report");
  await says(page, "[data-panel=kinds]", "default");
  page.isQuiet();
});

test("it asks for a token, says if it is wrong, and sends the right one as a header alone", async (world, browser) => {
  world.token = "s3cret-0123456789";
  await world.startApi([], tokens);
  await world.create({order_id: "a1"});
  const page = await openTab(browser, {expected: failedAnswers});
  const asked = [];
  page.on("request", (request) => asked.push(request));
  await goTo(page, world, "orders");
  await says(page, "#sign-in", "This API asks for a token");
  await audit(page, "sign in");
  await shoot(page, "sign-in");
  await page.locator("#sign-in input").fill("wrong-0123456789");
  await page.locator("#sign-in input").press("Enter");
  await says(page, "#sign-in .fault", "The token is not valid.");
  await page.getByRole("button", {name: "Not now"}).click();
  await says(page, "[data-panel=list] > .note", "The token is not valid.");
  await says(page, "#banners", "The token is not valid.");
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.locator("#sign-in input").fill(`\u200b${world.token}\u00a0`); // as copied from a text
  await page.locator("#sign-in .main").click();
  await says(page, "tbody", "a1");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  for (const request of asked) assert.ok(!request.url().includes("s3cret"), request.url());
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.reload();
  await says(page, "tbody", "a1"); // it is kept for this tab
  const other = await openTab(browser, {expected: failedAnswers});
  await goTo(other, world, "orders");
  await says(other, "#sign-in", "This API asks for a token"); // and for no other
  await goTo(page, world, "settings");
  await says(page, "[data-panel=settings]", "by token");
  await says(page, "[data-part=links]", `with the token: ${new URL("metrics", world.url).href}`);
  assert.deepEqual(await page.locator("[data-part=links] a").allInnerTexts(),
    ["Readiness", "Licences of what this page contains"], "links that lead somewhere");
  await page.getByRole("button", {name: "Forget the token"}).click();
  await says(page, "#sign-in", "This API asks for a token");
  page.isQuiet();
});

test("a token that may only read leaves the orders as they are, and says so", async (world, browser) => {
  const file = join(world.directory, "tokens");
  writeFileSync(file, "all-of-it-0123456789\nonly-reads-0123456789 read watcher\n");
  await world.startApi(["--tokens-file", file]);
  world.token = "all-of-it-0123456789";
  await world.create({order_id: "a1"});
  const page = await openTab(browser, {expected: failedAnswers});
  await goTo(page, world, "order?id=a1");
  await page.locator("#sign-in input").fill("only-reads-0123456789");
  await page.locator("#sign-in .main").click();
  await page.getByRole("button", {name: "Cancel…"}).click();
  await agree(page, "Cancel order a1?");
  await says(page, "#result .fault", "Not done. The token may not do this.");
  assert.equal((await world.ask("GET", "api/v1/orders/a1")).status, "Pending");
  page.isQuiet();
});

test("an API that everybody may use says so, once", async (world, browser) => {
  await world.startApi(["--host", "*"]);
  const page = await openTab(browser);
  await goTo(page, world);
  await says(page, "#banners", "Everybody who can reach this address can read and change orders.");
  await audit(page, "open");
  await page.getByRole("button", {name: "I know"}).click();
  await page.locator("#banners > *").waitFor({state: "detached"});
  page.isQuiet();
});

test("a store that takes no writes is said on every page", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser, {expected: failedAnswers});
  await page.route("**/readyz", (route) => route.fulfill({
    status: 503, contentType: "application/problem+json", body: JSON.stringify({detail: "There is too little room."})}));
  await goTo(page, world, "workers");
  await says(page, "#banners", "Not ready: There is too little room.");
  page.isQuiet();
});

test("it asks no more while it is paused or hidden, and less often when it is told to wait", async (world, browser) => {
  await world.startApi();
  const page = await openTab(browser, {expected: failedAnswers});
  await page.clock.install();
  let asked = 0;
  let status = 200;
  await page.route("**/api/v1/orders?*", (route) => {
    ++asked;
    return status === 200 ? route.continue() : route.fulfill({
      status, headers: {"Retry-After": "20"}, contentType: "application/problem+json", body: '{"detail":"Busy."}'});
  });
  const answers = async (run) => {
    const before = asked;
    await run();
    return asked - before;
  };
  await goTo(page, world, "orders");
  await says(page, ".empty", "no orders yet");
  // An answer takes as long as the clock has gone on meanwhile, and the pause after it is longer then,
  // up to half a minute.
  for (let round = 0; round < 2; ++round) {
    const next = page.waitForResponse("**/api/v1/orders?*");
    await page.clock.runFor(40000);
    await next;
  }
  await page.keyboard.press("p");
  await says(page, "#live", "Paused");
  assert.equal(await answers(() => page.clock.runFor(60000)), 0);
  status = 429;
  await page.keyboard.press("p");
  await page.clock.runFor(1);
  await says(page, "[data-panel=list] > .note", "Busy.");
  assert.equal(await answers(() => page.clock.runFor(15000)), 0);
  status = 200;
  await page.clock.runFor(10000);
  await page.waitForFunction(() => document.querySelector("[data-panel=list]").dataset.state === "good");

  const setHidden = (isHidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", {value, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);
  await setHidden(true);
  assert.equal(await answers(() => page.clock.runFor(60000)), 0);
  assert.ok(await answers(async () => {
    const next = page.waitForResponse("**/api/v1/orders?*");
    await setHidden(false);
    await page.clock.runFor(1);
    await next;
  }) >= 1);
  page.isQuiet();
});

// The settings page, what is chosen in the browser, and the page behind a proxy's path.

import assert from "node:assert/strict";
import {createServer, request as forward} from "node:http";
import {audit, fits, goTo, openTab, says, shoot, text, test} from "./support.mjs";

test("it tells how the API is set", async (world, browser) => {
  await world.startApi(["--max-pending-orders", "12345", "--keep-failed-seconds", "86400"]);
  const page = await openTab(browser);
  await goTo(page, world, "settings");
  await says(page, "[data-panel=settings]", "12,345");
  await says(page, "[data-panel=settings]", "1 d");
  await says(page, "[data-panel=settings]", world.environment.DB_PATH);
  for (const [theme, width] of [["light", 1280], ["dark", 360]]) {
    const other = await openTab(browser, {theme, width});
    await goTo(other, world, "settings");
    await says(other, "[data-panel=settings]", "Version");
    await audit(other, `settings, ${theme}, ${width} px`);
    await fits(other, `settings, ${theme}, ${width} px`);
    await shoot(other, `settings-${theme}-${width}`);
    other.isQuiet();
  }
  page.isQuiet();
});

test("theme and time zone are chosen in the browser and stay", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1"});
  const page = await openTab(browser, {zone: "Asia/Tokyo"});
  await goTo(page, world, "orders");
  const created = (await world.ask("GET", "api/v1/orders/a1")).created_at;
  const inTokyo = new Date(created).toLocaleTimeString("en-GB", {timeZone: "Asia/Tokyo"});
  await says(page, "tbody time", inTokyo);
  assert.equal(await page.locator("tbody time").first().getAttribute("title"), created);
  await page.locator("#zone").click();
  await says(page, "tbody time", created.slice(11, 19));
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator("#theme").click(); // light
  await page.locator("#theme").click(); // dark
  assert.notEqual(await ground(), light);
  await page.reload();
  await says(page, "tbody time", created.slice(11, 19));
  assert.notEqual(await ground(), light);
  assert.equal(await text(page, "#theme"), "Theme: dark");
  page.isQuiet();
});

test("it works behind a proxy that has it below a path of its own", async (world, browser) => {
  await world.startApi();
  await world.create({order_id: "a1"});
  const prefix = "/shop/orders-app";
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404).end();
      return;
    }
    const onward = forward(new URL(incoming.url.slice(prefix.length), world.url),
      {method: incoming.method, headers: incoming.headers}, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  try {
    const page = await openTab(browser);
    await page.goto(`http://127.0.0.1:${proxy.address().port}${prefix}/`);
    await says(page, "[data-panel=kinds]", "default");
    assert.equal(new URL(page.url()).pathname, `${prefix}/ui/`);
    await page.getByRole("link", {name: "Orders", exact: true}).last().click();
    await page.locator("tbody a", {hasText: "a1"}).click();
    await says(page, "[data-part=fields]", "Pending");
    assert.equal(new URL(page.url()).pathname, `${prefix}/ui/order`);
    await page.reload();
    await says(page, "[data-part=fields]", "Pending");
    page.isQuiet();
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

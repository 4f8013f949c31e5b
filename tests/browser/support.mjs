// What the browser tests share: the programs as they ship, on a store of the test's own and on free
// ports; pages of a real browser, none of which may write to the console; axe; screenshots, which stay
// in build/browser/screenshots.
//
// Conditions are waited for, never times.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {mkdirSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {createInterface} from "node:readline";

const binaries = process.env.ORDERS_BINARY_DIR;
const modules = createRequire(`${process.env.ORDERS_BROWSER_DIR}/`);
export const chromium = "/usr/bin/chromium";
export const patience = 30000;
export const isLong = process.env.ORDERS_FAULTS === "long";

// --- The programs

class Program {
  constructor(name, args, environment) {
    this.lines = [];
    // Whatever becomes of this program, none of those that it started stays behind.
    this.child = spawn("setpriv", ["--pdeathsig", "KILL", join(binaries, name), ...args], {
      env: {PATH: process.env.PATH, ...environment}, stdio: ["ignore", "pipe", "pipe"]});
    this.exited = new Promise((resolve) => {
      this.child.on("exit", (code, signal) => { this.isOver = true; resolve({code, signal}); });
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({input: stream}).on("line", (line) => {
        this.lines.push(line);
        for (const wake of this.watchers) wake();
      });
    }
    this.watchers = new Set();
  }

  // The first line that has the part.
  async line(part) {
    const found = () => this.lines.find((line) => line.includes(part));
    while (!found()) {
      assert.ok(!this.isOver, `it ended before it said ${part}:\n${this.lines.join("\n")}`);
      await Promise.race([this.exited, new Promise((resolve) => {
        const wake = () => { this.watchers.delete(wake); resolve(); };
        this.watchers.add(wake);
      })]);
    }
    return found();
  }

  async end(signal = "SIGTERM") {
    if (!this.isOver) this.child.kill(signal);
    return this.exited;
  }
}

// One store, and what runs on it.
export class World {
  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "orders-browser-"));
    this.programs = [];
    this.environment = {DB_PATH: join(this.directory, "orders.db")};
    this.port = 0;
    this.token = null;
  }

  async startApi(args = [], environment = {}) {
    const api = this.start("order-api", ["--port", String(this.port), ...args], environment);
    this.port = Number(/ port=(\d+)/.exec(await api.line("listening "))[1]);
    return api;
  }

  async startWorker(args = []) {
    const worker = this.start("order-worker", ["--drain-seconds", "1",
      ...(args.includes("--time-unit-ms") ? [] : ["--time-unit-ms", "10"]), ...args], {});
    await worker.line(" working ");
    return worker;
  }

  start(name, args, environment) {
    const program = new Program(name, args, {...this.environment, ...environment});
    this.programs.push(program);
    return program;
  }

  get url() { return `http://127.0.0.1:${this.port}/`; }

  async ask(method, path, body) {
    const response = await fetch(new URL(path, this.url), {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: {...(body === undefined ? {} : {"Content-Type": "application/json"}),
        ...(this.token === null ? {} : {Authorization: `Bearer ${this.token}`})}});
    const answer = await response.json();
    assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  create(order) {
    return this.ask("POST", "api/v1/orders", {priority: "Normal", processing_time: 1, ...order});
  }

  async createMany(count, make) {
    for (let first = 0; first < count; first += 1000) {
      const orders = Array.from({length: Math.min(1000, count - first)}, (_, index) =>
        ({priority: "Normal", processing_time: 1, ...make(first + index)}));
      const {results} = await this.ask("POST", "api/v1/orders/batch", {orders});
      assert.ok(results.every((result) => result.status === "created"), JSON.stringify(results[0]));
    }
  }

  // What a worker of another language would do with the oldest order of the kind.
  async claim(kind, worker = "w1") {
    const {orders} = await this.ask("POST", "api/v1/claims", {worker, kinds: [kind], wait_seconds: 5});
    assert.equal(orders.length, 1);
    return orders[0];
  }

  async close() {
    await Promise.all(this.programs.map((program) => program.end("SIGKILL")));
    rmSync(this.directory, {recursive: true, force: true});
  }
}

// --- The browser

const {chromium: driver} = modules("playwright-core");
const axeSource = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
const screenshots = join(process.env.ORDERS_BROWSER_DIR, "screenshots");
mkdirSync(screenshots, {recursive: true});

export const launch = () => driver.launch({
  executablePath: chromium, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"]});

// A tab. What the page says on the console counts as a fault of the test, at its end, unless
// `expected` fits it: browsers say there, too, that an answer was an error.
export async function openTab(browser, {width = 1280, height = 900, theme = "light", expected = null,
  zone = "Europe/Berlin"} = {}) {
  const context = await browser.newContext({
    viewport: {width, height}, colorScheme: theme, timezoneId: zone, locale: "en-GB",
    permissions: ["clipboard-read", "clipboard-write"]});
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.said = [];
  page.on("console", (message) => {
    const text = `${message.type()}: ${message.text()} (${message.location().url})`;
    if (!expected?.test(text)) page.said.push(text);
  });
  page.on("pageerror", (error) => page.said.push(`exception: ${error.stack}`));
  page.on("requestfailed", (request) => {
    const text = `request failed: ${request.url()} ${request.failure().errorText}`;
    // A page that is left asks no longer.
    if (!expected?.test(text) && !text.includes("ERR_ABORTED")) page.said.push(text);
  });
  page.isQuiet = () => assert.deepEqual(page.said, []);
  return page;
}

export const failedAnswers = /Failed to load resource|request failed/;

export async function goTo(page, world, path = "") {
  await page.goto(new URL(`ui/${path}`, world.url).href);
}

export async function audit(page, what) {
  await page.evaluate(axeSource);
  const {violations, passes} = await page.evaluate(() => axe.run(document, {resultTypes: ["violations"]}));
  assert.deepEqual(violations.map((one) =>
    `${what}: ${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`), []);
  assert.ok(passes.length > 5, "axe has looked at something");
}

// Nothing may stick out: one does not scroll to the side.
export async function fits(page, what) {
  const [inner, whole] = await page.evaluate(() =>
    [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
  assert.ok(whole <= inner, `${what}: ${whole} px wide in ${inner}`);
}

export const shoot = (page, name) => page.screenshot({path: join(screenshots, `${name}.png`)});

export const text = (page, selector) => page.locator(selector).first().innerText();

// Waits until the element's text fits.
export async function says(page, selector, pattern) {
  const locator = page.locator(selector).filter({hasText: pattern}).first();
  try {
    await locator.waitFor({state: "visible"});
  } catch (error) {
    const now = await page.locator(selector).allInnerTexts();
    throw new Error(`${selector} does not come to say ${pattern}; it says ${JSON.stringify(now)}`, {cause: error});
  }
  return locator;
}

export async function agree(page, title, detail = /./) {
  await says(page, "#confirm h2", title);
  await says(page, "#confirm [data-part=text]", detail);
  await page.locator("#confirm [data-part=yes]").click();
}

// --- The cases

const cases = [];
export const test = (name, run) => cases.push({name, run});

export async function runCases() {
  const browser = await launch();
  let failures = 0;
  for (const {name, run} of cases) {
    const begun = performance.now();
    const world = new World();
    try {
      await run(world, browser);
      console.log(`passed: ${name} (${Math.round(performance.now() - begun)} ms)`);
    } catch (error) {
      ++failures;
      console.log(`FAILED: ${name}\n${error.stack}`);
      for (const context of browser.contexts()) {
        for (const page of context.pages()) {
          console.log(`console: ${JSON.stringify(page.said)}`);
          await shoot(page, `failed-${name.replace(/\W+/g, "-")}`).catch(() => {});
        }
      }
      for (const program of world.programs) console.log(program.lines.slice(-10).join("\n"));
    } finally {
      for (const context of browser.contexts()) await context.close();
      await world.close();
    }
  }
  await browser.close();
  console.log(`${cases.length - failures} of ${cases.length} passed`);
  return failures === 0 && cases.length > 0;
}

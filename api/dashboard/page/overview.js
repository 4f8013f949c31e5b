// How it goes: counts, ages, plots, workers, and the kinds, which are paused and resumed here.

import {attempt, confirm, tell} from "./actions.js";
import {get, getText, post} from "./api.js";
import {el, part, panel, showItems, template} from "./dom.js";
import {bytes, duration, number, status, time} from "./format.js";
import {parse, quantile, sumOf} from "./metrics.js";
import {Plot} from "./plots.js";
import {Poll} from "./poll.js";
import {pathOf} from "./router.js";

// Beyond these an alert is due (shared/packaging/prometheus).
const oldestBound = {High: 60, Normal: 900};
const ranges = [[15, "15 min"], [60, "1 h"], [360, "6 h"], [1440, "24 h"]];

export function overview(main, parameters) {
  main.append(template("overview"));
  const minutes = ranges.some(([known]) => String(known) === parameters.get("minutes")) ?
    Number(parameters.get("minutes")) : 15;
  const plots = plotsIn(main);
  panel(main, "flow").querySelector("h2").after(rangeLinks(minutes));

  const now = new Poll({
    load: () => get("api/v1/report"),
    panels: ["counts", "now", "kinds"].map((name) => panel(main, name)),
    show: (answer) => {
      showTiles(part(panel(main, "counts"), "tiles"), answer);
      showWorkers(part(panel(main, "now"), "workers"), answer);
      showKinds(part(panel(main, "kinds"), "rows"), answer.kinds, () => now.ask());
    },
  });
  const past = new Poll({
    load: () => get(`api/v1/report/history?minutes=${minutes}`),
    every: minutes > 60 ? 60000 : 10000,
    panels: ["flow", "age", "depth"].map((name) => panel(main, name)),
    show: (answer) => plots.forEach((plot) => plot.show(plot.rowsOf(answer))),
  });
  const scrapes = [];
  const figures = new Poll({
    load: () => getText("metrics"),
    every: 10000,
    show: (text) => {
      scrapes.push({at: Date.now(), samples: parse(text)});
      while (scrapes.length > 1 && scrapes[1].at < Date.now() - 60000) scrapes.shift();
      showFigures(part(panel(main, "now"), "figures"), scrapes[0].samples, scrapes.at(-1).samples);
    },
  });
  return () => {
    now.stop();
    figures.stop();
    past.stop();
    plots.forEach((plot) => plot.stop());
  };
}

function rangeLinks(minutes) {
  return el("p", {class: "ranges", role: "group", "aria-label": "How far back"},
    ...ranges.map(([value, name]) => el("a", {
      href: pathOf("", {minutes: value}), "aria-current": value === minutes ? "true" : null}, name)));
}

function plotsIn(main) {
  const plot = (name, options, columns) => {
    const made = new Plot(part(panel(main, name), "plot"), options);
    made.rowsOf = (history) => rowsOf(history, columns(history));
    return made;
  };
  const perMinute = (history, column) =>
    history[column].map((value) => (value === null ? null : value * 60 / history.interval_seconds));
  return [
    plot("flow", {title: "Orders a minute", format: number, series: [
      {name: "created", color: "--pending"}, {name: "processed", color: "--processed"},
      {name: "failed", color: "--failed"}]},
    (history) => ["created", "processed", "failed"].map((column) => perMinute(history, column))),
    plot("age", {title: "How long the oldest has waited", format: duration, series: [
      {name: "High", color: "--failed"}, {name: "Normal", color: "--processing"}]},
    (history) => [history.oldest_high_seconds, history.oldest_normal_seconds]),
    plot("depth", {title: "Pending and in work", format: number, series: [
      {name: "Pending, High", color: "--failed"}, {name: "Pending, Normal", color: "--pending"},
      {name: "in work", color: "--processing"}]},
    (history) => [history.pending_high, history.pending_normal, history.processing]),
  ];
}

function rowsOf(history, columns) {
  const first = Date.parse(history.first_at);
  return columns[0].map((_, index) => [
    new Date(first + index * history.interval_seconds * 1000),
    ...columns.map((column) => column[index])]);
}

function showTiles(parent, answer) {
  const tiles = Object.entries(answer.counts).map(([name, count]) => ({
    key: name, href: pathOf("orders", {status: name}), label: status(name), value: number(count),
    note: name === "Pending" && answer.waiting_for_time > 0 ?
      `${number(answer.waiting_for_time)} of them wait for a time` : null}));
  for (const [priority, seconds] of Object.entries(answer.oldest_pending_seconds_by_priority)) {
    const isLate = seconds !== null && seconds > oldestBound[priority];
    tiles.push({
      key: `oldest ${priority}`, href: pathOf("orders", {status: "Pending", priority}),
      label: `Oldest ${priority}`, value: duration(seconds), isLate,
      note: isLate ? `over ${duration(oldestBound[priority])}` : seconds === null ? "none waits" : null});
  }
  showItems(parent, tiles, (tile) => tile.key, (tile) => el(
    "a", {class: tile.isLate ? "tile late" : "tile", href: tile.href},
    el("span", {class: "label"}, tile.label), el("b", {}, tile.value),
    el("span", {class: "soft"}, tile.note ?? "")));
}

function showWorkers(parent, answer) {
  const busy = answer.workers.reduce((sum, worker) => sum + worker.processing, 0);
  const places = answer.workers.reduce((sum, worker) => sum + worker.threads, 0);
  const open = answer.endpoints.filter((endpoint) => endpoint.breaker === "open");
  const lines = [
    el("p", {class: answer.workers.length === 0 ? "big late" : "big"},
      answer.workers.length === 0 ? "No live worker" :
        `${number(answer.workers.length)} live, ${number(busy)} orders in work`),
  ];
  if (answer.workers.length > 0) {
    lines.push(el("progress", {max: Math.max(1, places), value: Math.min(busy, places),
      "aria-label": "Orders in work, of as many as there is room for"}));
    lines.push(el("p", {class: "soft"}, `room for ${number(places)} at a time`));
  }
  for (const kind of answer.kinds.filter((one) => one.unattended)) {
    lines.push(el("p", {class: "late"}, `No live worker takes orders of the kind ${kind.kind}.`));
  }
  for (const endpoint of open) {
    lines.push(el("p", {class: "late"}, `The breaker of the webhook for ${endpoint.kind} is open.`));
  }
  if (answer.next_due_at) {
    lines.push(el("p", {class: "soft"}, "The next order that waits for a time is due at ",
      time(answer.next_due_at), "."));
  }
  lines.push(el("p", {}, el("a", {href: pathOf("workers")}, "Each worker and endpoint")));
  showItems(parent, lines, (line) => String(lines.indexOf(line)), (line) => line);
}

function showFigures(parent, before, after) {
  const times = (name) => {
    const [half, most] = [0.5, 0.99].map((share) => quantile(share, before, after, name));
    return half === null ? "–" : `half within ${duration(half)}, 99 of 100 within ${duration(most)}`;
  };
  const size = (name) => {
    const value = sumOf(after, name);
    return value === null ? "–" : bytes(value);
  };
  const figures = [
    ["Orders waited", times("orders_queue_wait_seconds")],
    ["Commits took", times("orders_store_commit_seconds")],
    ["The store", `${size("orders_store_database_bytes")}, log ${size("orders_store_wal_bytes")}, ` +
      `${size("orders_store_disk_free_bytes")} free`],
  ];
  showItems(parent, figures, ([name]) => name, ([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value)));
}

function showKinds(parent, kinds, done) {
  showItems(parent, kinds, (kind) => kind.kind, (kind) => {
    const count = (name, isWide) => el("td", {class: isWide ? "number wide" : "number"},
      el("a", {href: pathOf("orders", {kind: kind.kind, status: name})}, number(kind.counts[name])));
    const button = el("button", {type: "button"}, kind.paused ? "Resume…" : "Pause…");
    button.addEventListener("click", () => setPaused(kind, !kind.paused, done));
    return el("tr", {},
      el("th", {scope: "row"}, el("a", {href: pathOf("orders", {kind: kind.kind})}, kind.kind)),
      el("td", {}, kind.paused ? el("span", {class: "status paused"}, "Paused") :
        kind.unattended ? el("span", {class: "status failed"}, "Unattended") : "Open"),
      count("Pending"),
      el("td", {class: "number wide"}, number(kind.waiting_for_time)),
      count("Processing"), count("Processed", true), count("Failed"), count("Cancelled", true),
      el("td", {class: "number"}, button));
  });
}

async function setPaused(kind, isPaused, done) {
  const isSure = await confirm(isPaused ? {
    title: `Pause the kind ${kind.kind}?`,
    text: `No more orders of this kind are begun until it is resumed. ${number(kind.counts.Processing)} ` +
      `in work go on, ${number(kind.counts.Pending)} wait, and new ones are taken.`,
    yes: "Pause it",
  } : {
    title: `Resume the kind ${kind.kind}?`,
    text: `Its ${number(kind.counts.Pending)} Pending orders are begun again, as workers have room.`,
    yes: "Resume it",
  });
  if (!isSure) return;
  await attempt(() => post(`api/v1/kinds/${encodeURIComponent(kind.kind)}/${isPaused ? "pause" : "resume"}`),
    () => tell(`The kind ${kind.kind} is ${isPaused ? "paused" : "open again"}.`));
  done();
}

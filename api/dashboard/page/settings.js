// What this API is and how it is set, and what is chosen in this browser.

import {addressOf, get, session} from "./api.js";
import {el, panel, part, showItems, template} from "./dom.js";
import {bytes, duration, number, time} from "./format.js";
import {Poll} from "./poll.js";
import {preferences} from "./preferences.js";

export function settings(main) {
  main.append(template("settings"));
  const poll = new Poll({
    load: () => get("api/v1/settings"),
    every: 30000,
    panels: [panel(main, "settings")],
    show: (answer) => showFields(part(main, "fields"), answer),
  });
  showBrowser(main);
  part(main, "links").append(...links().map(([address, name, needsToken]) => el("li", {class: "wrap"},
    needsToken && session.hasToken() ? `${name}, with the token: ${address}` :
      el("a", {href: address, target: "_blank", rel: "noopener"}, name))));
  return () => poll.stop();
}

// Address, name, and whether the API asks for the token there, which a link cannot carry.
function links() {
  return [
    [addressOf("api/v1/report"), "Report, as JSON", true],
    [addressOf("metrics"), "Metrics, for Prometheus", true],
    [addressOf("openapi.yaml"), "OpenAPI description", true],
    [addressOf("readyz"), "Readiness"],
    [new URL("licences.txt", import.meta.url), "Licences of what this page contains"]];
}

function showFields(parent, answer) {
  const kept = (seconds) => (seconds === 0 ? "for ever" : duration(seconds));
  const fields = [
    ["Version", answer.version], ["Running since", time(answer.started_at)], ["Store", answer.store],
    ["Access", answer.access === "token" ? "by token" : "open to everybody who can reach it"],
    ["Pending orders at most", number(answer.max_pending_orders)],
    ["Room that stays free", bytes(answer.min_free_bytes)],
    ["Connections at most", number(answer.max_connections)],
    ["Payload at most", bytes(answer.max_payload_bytes)], ["Batch at most", bytes(answer.max_batch_bytes)],
    ["Processed orders are kept", kept(answer.keep_processed_seconds)],
    ["Failed and Cancelled ones", kept(answer.keep_failed_seconds)],
    ["All together take at most", answer.retention_max_bytes === 0 ? "no bound" : bytes(answer.retention_max_bytes)],
    ["Pulled orders: time limit", duration(answer.order_process_timeout_seconds)],
    ["Attempts", number(answer.max_attempts)], ["First backoff", duration(answer.backoff_seconds)],
  ];
  showItems(parent, fields, ([name]) => name, ([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {class: "wrap"}, value)));
}

function showBrowser(main) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fields = [
    ["Times", preferences.zone() === "utc" ? "in UTC, as in the log" : `in this browser's zone, ${zone}`],
    ["Theme", preferences.theme() === "auto" ? "as the system has it" : preferences.theme()],
    ["Token", session.hasToken() ? "kept until this tab is closed" : "none"]];
  part(main, "browser").append(...fields.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  if (session.hasToken()) {
    part(main, "session").append(el("button", {type: "button", onclick: () => {
      session.set(null);
      location.reload();
    }}, "Forget the token"));
  }
}

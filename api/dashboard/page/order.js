// One order: what it is, what happened to it, what it carries and what came of it.

import {actOnOne, change, confirm, tell} from "./actions.js";
import {getText} from "./api.js";
import {el, panel, part, setText, showItems, template} from "./dom.js";
import {between, bytes, duration, number, status, time} from "./format.js";
import {Poll} from "./poll.js";
import {indented, members} from "./raw_json.js";

const folded = 4096;

export function order(main, parameters) {
  const id = parameters.get("id") ?? "";
  main.append(template("order"));
  const shown = panel(main, "order");
  document.title = `${id} – Orders`;
  setText(part(main, "title"), id);
  const poll = new Poll({
    load: () => getText(`api/v1/orders/${encodeURIComponent(id)}`),
    panels: [shown],
    show: (text) => {
      const known = JSON.parse(text);
      shown.classList.remove("gone");
      showActs(part(shown, "acts"), known, () => poll.ask());
      showFields(part(shown, "fields"), known);
      showTimeline(part(shown, "timeline"), known);
      const raw = members(text);
      showJson(part(shown, "payload"), raw.get("payload"), "This order carries nothing.");
      showJson(part(shown, "result"), raw.get("result"), known.status === "Processed" ?
        "Its processor gave nothing back." : known.finished_at ? "There is none." : "There is none yet.");
    },
    onFailure: (failure) => { if (failure.status === 404) shown.classList.add("gone"); },
  });
  return () => poll.stop();
}

function showActs(parent, known, done) {
  const isPending = known.status === "Pending";
  const isOpen = isPending || known.status === "Processing";
  const acts = [];
  const add = (name, run) => acts.push({name, run});
  if (isOpen) add("Cancel…", () => actOnOne("cancel", known.order_id));
  if (known.status === "Failed" || known.status === "Cancelled") {
    add("Retry…", () => actOnOne("retry", known.order_id));
  }
  if (isPending) {
    const other = known.priority === "High" ? "Normal" : "High";
    add(`Make it ${other}…`, async () => (await confirm({
      title: `Make order ${known.order_id} ${other}?`, yes: `Make it ${other}`,
      text: "It keeps its age among the orders of that priority."})) &&
        change(known.order_id, {priority: other}, `is ${other} now`));
    if (known.waiting_for === "time") {
      add("Have it begun now…", async () => (await confirm({
        title: `Have order ${known.order_id} begun now?`, yes: "Begin it",
        text: "It no longer waits for its time, and goes to the end of the queue."})) &&
          change(known.order_id, {not_before: null}, "is due now"));
    }
  }
  showItems(parent, acts, (act) => act.name, (act) => el("button", {type: "button"}, act.name));
  [...parent.children].forEach((button, index) => {
    button.onclick = async () => { await acts[index].run(); done(); };
  });
}

function showFields(parent, known) {
  const seconds = (value) => (value === null ? el("span", {class: "soft"}, "default") : duration(value));
  const fields = [
    ["Status", status(known.status)], ["Priority", known.priority], ["Kind", known.kind],
    ["Attempts", number(known.attempts)],
    ["Attempts at most", known.max_attempts ?? el("span", {class: "soft"}, "default")],
    ["Worker", known.worker ?? "–"],
    ["Time limit", seconds(known.timeout_seconds)], ["First backoff", seconds(known.backoff_seconds)],
    ["Processing time", duration(known.processing_time)],
    ["Created", time(known.created_at)], ["Due", time(known.due_at)],
    ["To be begun before", time(known.start_before)],
    ["Waited", known.started_at ? between(known.due_at ?? known.created_at, known.started_at) : "–"],
    ["Took", between(known.started_at, known.finished_at)],
    ["Trace", known.traceparent ? el("span", {class: "name"}, known.traceparent.split("-")[1]) : "–"],
  ];
  if (known.failure !== null) {
    fields.splice(1, 0, ["Reason", el("b", {class: "late"}, known.failure)],
      ["Detail", el("span", {class: "wrap"}, known.failure_detail ?? "–")]);
  }
  showItems(parent, fields, ([name]) => name, ([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value)));
}

function showTimeline(parent, known) {
  const steps = [{at: known.created_at, what: "created"}];
  for (const attempt of known.attempt_history) {
    steps.push({at: attempt.started_at, what: `begun by ${attempt.worker}`});
    steps.push({at: attempt.ended_at, what: attempt.outcome.replace("_", " "),
      after: between(attempt.started_at, attempt.ended_at),
      reason: attempt.reason, detail: attempt.detail, isBad: attempt.outcome !== "released"});
  }
  for (const act of known.actions) {
    const word = {cancel: "cancelled", retry: "retried", change: "changed"}[act.action] ?? act.action;
    steps.push({at: act.at, what: `${word} by ${act.token_name}`});
  }
  // Both lists are in order, each by itself.
  steps.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  if (known.started_at) steps.push({at: known.started_at, what: `begun by ${known.worker}`});
  if (known.finished_at) {
    steps.push({at: known.finished_at, what: known.status, after: known.started_at ?
      between(known.started_at, known.finished_at) : null, reason: known.failure,
    detail: known.failure_detail, isBad: known.status === "Failed", isEnd: true});
  } else if (known.waiting_for === "time") {
    steps.push({at: known.due_at, what: "is due", isAhead: true});
  } else {
    steps.push({at: null, what: known.status === "Processing" ? "in work" : "in the queue", isAhead: true});
  }
  showItems(parent, steps.map((step, index) => ({...step, index})), (step) => String(step.index), (step) =>
    el("li", {class: [step.isBad ? "bad" : "", step.isAhead ? "ahead" : "", step.isEnd && !step.isBad ? "good" : ""].join(" ").trim() || null},
      step.at ? time(step.at) : el("span", {class: "soft"}, "now"), " ", el("span", {}, step.what),
      step.after ? el("span", {class: "soft"}, ` after ${step.after}`) : null,
      step.reason ? el("span", {class: "wrap"}, `: ${step.reason}`) : null,
      step.detail ? el("pre", {tabindex: "0"}, step.detail) : null));
}

function showJson(parent, raw, ifNone) {
  if (parent.raw === raw && parent.ifNone === ifNone) return;
  parent.raw = raw;
  parent.ifNone = ifNone;
  if (raw === undefined || raw === "null") {
    parent.replaceChildren(el("p", {class: "soft"}, ifNone));
    return;
  }
  const text = indented(raw);
  const box = el("pre", {tabindex: "0", role: "region", "aria-label": "JSON"}, text.slice(0, folded));
  const copy = el("button", {type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(raw);
      tell("Copied.");
    } catch { tell("The browser does not allow copying here.", true); }
  }}, "Copy");
  const size = el("span", {class: "soft"}, `${bytes(new TextEncoder().encode(raw).length)} `);
  const bar = el("p", {class: "acts"}, size, copy);
  if (text.length > folded) {
    const more = el("button", {type: "button", onclick: () => {
      box.textContent = text;
      more.remove();
    }}, "Show all");
    bar.append(more);
  }
  parent.replaceChildren(bar, box);
}

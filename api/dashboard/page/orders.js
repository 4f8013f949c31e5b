// The list of orders: newest first, by filters that stand in the address, page by page. There is no
// total, because that would have to be counted.

import {actOnAll, actOnChosen} from "./actions.js";
import {get} from "./api.js";
import {el, panel, part, setText, showItems, template} from "./dom.js";
import {between, number, status, time} from "./format.js";
import {Poll} from "./poll.js";
import {pathOf, stay} from "./router.js";
import {preferences} from "./preferences.js";

const names = ["status", "priority", "kind", "reason", "created_after", "created_before"];
const pageSize = 50;

export function orders(main, parameters) {
  main.append(template("orders"));
  const list = panel(main, "list");
  const filters = Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? ""]));
  const cursor = parameters.get("cursor") ?? "";
  const chosen = new Set();
  prepareFilters(main, filters);

  const poll = new Poll({
    load: () => get(listPath(filters, cursor)),
    panels: [list],
    onFailure: (failure) => { if (failure.status === 400) showRefusal(list, failure); },
    show: (answer) => showPage(list, answer, filters, cursor, chosen),
  });
  const kinds = get("api/v1/report").then((report) => {
    part(main, "filters").querySelector("datalist").replaceChildren(
      ...report.kinds.map((kind) => el("option", {value: kind.kind})));
  }, () => {}); // they can be typed
  prepareActions(main, filters, chosen, () => poll.ask());
  void kinds;
  return () => poll.stop();
}

const listPath = (filters, cursor) =>
  pathOf("api/v1/orders", {...filters, cursor, limit: pageSize});

// --- Filters

// The fields have wall clock time of the reader's zone, the address and the API UTC.
const toField = (text) => {
  if (text === "") return "";
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return "";
  if (preferences.zone() === "utc") return date.toISOString().slice(0, 19);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
};
const fromField = (text) => {
  if (text === "") return "";
  return new Date(preferences.zone() === "utc" ? `${text}Z` : text).toISOString();
};

function prepareFilters(main, filters) {
  const form = part(main, "filters");
  for (const name of names) {
    form.elements[name].value = name.startsWith("created") ? toField(filters[name]) : filters[name];
  }
  const read = () => Object.fromEntries(names.map((name) => [name,
    name.startsWith("created") ? fromField(form.elements[name].value) : form.elements[name].value.trim()]));
  form.addEventListener("change", () => {
    stay(pathOf("orders", read()));
    document.querySelector(`[data-part="filters"] [name="${document.activeElement?.name}"]`)?.focus();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); stay(pathOf("orders", read())); });
  part(form, "clear").addEventListener("click", () => stay(pathOf("orders")));
}

function describe(filters) {
  const said = names.filter((name) => filters[name] !== "").map((name) =>
    `${name.replace("_", " ")} ${filters[name]}`);
  return said.length === 0 ? "" : `with ${said.join(", ")}`;
}

// --- The page

function showRefusal(list, failure) {
  const fields = (failure.problem?.errors ?? []).map((one) => `${one.field} ${one.detail}`);
  showItems(part(list, "rows"), [fields.join("; ") || failure.message], String,
    (text) => el("tr", {}, el("td", {colspan: 9, class: "empty"}, text)));
}

function showPage(list, answer, filters, cursor, chosen) {
  const rows = part(list, "rows");
  for (const id of chosen) {
    if (!answer.orders.some((order) => order.order_id === id)) chosen.delete(id);
  }
  if (answer.orders.length > 0) {
    showItems(rows, answer.orders, (order) => order.order_id, (order) => rowOf(order, chosen));
    for (const box of rows.querySelectorAll("input")) box.checked = chosen.has(box.value);
  } else {
    showItems(rows, [emptyText(answer, filters, cursor)], String,
      (text) => el("tr", {}, el("td", {colspan: 9, class: "empty"}, text)));
  }
  showLinks(list, answer, filters, cursor);
  list.dispatchEvent(new Event("choice"));
}

function emptyText(answer, filters, cursor) {
  if (answer.next_cursor !== null) return "None of those that were looked at fits; Older looks further.";
  if (cursor !== "") return "There are no older ones.";
  return describe(filters) === "" ? "There are no orders yet." : "No order fits.";
}

function rowOf(order, chosen) {
  const waited = order.started_at ?? order.finished_at;
  return el("tr", {},
    el("td", {}, el("input", {type: "checkbox", value: order.order_id, checked: chosen.has(order.order_id),
      "aria-label": `Choose ${order.order_id}`})),
    el("th", {scope: "row", class: "name"},
      el("a", {href: pathOf("order", {id: order.order_id})}, order.order_id)),
    el("td", {}, status(order.status),
      order.waiting_for === "time" ? el("span", {class: "soft"}, " until ", time(order.due_at)) : null),
    el("td", {class: "wide"}, order.priority),
    el("td", {class: "wide"}, order.kind),
    el("td", {}, time(order.created_at)),
    el("td", {class: "number wide"}, waited ? between(order.due_at ?? order.created_at, waited) : "–"),
    el("td", {class: "number wide"}, number(order.attempts)),
    el("td", {class: "wide reason"}, order.failure ?? "", order.failure_detail ?
      el("span", {class: "soft"}, ` ${order.failure_detail.slice(0, 80)}`) : null));
}

function showLinks(list, answer, filters, cursor) {
  const set = (name, path) => {
    const link = part(list, name);
    if (path === null) link.removeAttribute("href");
    else link.href = path;
  };
  set("newest", cursor === "" ? null : pathOf("orders", filters));
  set("older", answer.next_cursor === null ? null :
    pathOf("orders", {...filters, cursor: answer.next_cursor}));
}

// --- Acting on them

function prepareActions(main, filters, chosen, done) {
  const list = panel(main, "list");
  const acts = part(list, "acts");
  const button = (name) => acts.querySelector(`[data-act="${name}"]`);
  const note = () => {
    setText(part(acts, "chosen"), chosen.size === 0 ? "None chosen" : `${number(chosen.size)} chosen`);
    button("cancel").disabled = button("retry").disabled = chosen.size === 0;
    const boxes = [...part(list, "rows").querySelectorAll("input")];
    part(list, "choose-page").checked = boxes.length > 0 && boxes.every((box) => box.checked);
  };
  list.addEventListener("choice", note);
  list.addEventListener("change", (event) => {
    const boxes = event.target === part(list, "choose-page") ?
      [...part(list, "rows").querySelectorAll("input")] : [event.target];
    for (const box of boxes) {
      box.checked = event.target.checked;
      if (event.target.checked) chosen.add(box.value);
      else chosen.delete(box.value);
    }
    note();
  });
  for (const what of ["cancel", "retry"]) {
    button(what).addEventListener("click", async () => {
      if (await actOnChosen(what, [...chosen])) chosen.clear();
      done();
    });
    const why = whyNotAll(what, filters);
    const all = button(`${what}-all`);
    all.disabled = why !== null;
    all.title = why ?? "They are counted first";
    all.addEventListener("click", async () => {
      const {created_after: _, ...filter} = filters;
      await actOnAll(what, Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")),
        describe(filters));
      done();
    });
  }
  note();
}

// Why all that fit cannot be acted on at once, or null.
function whyNotAll(what, filters) {
  const {created_after: from, ...rest} = filters;
  if (from !== "") return "Not by when they were created from; take that filter out";
  if (Object.values(rest).every((value) => value === "")) return "Choose a filter first";
  const fitting = what === "cancel" ? ["", "Pending", "Processing"] : ["", "Failed", "Cancelled"];
  if (!fitting.includes(filters.status)) return `Not of orders that are ${filters.status}`;
  return null;
}

// The workers, each with the orders that it holds, and what they send orders to. Those that went away
// while the page was open stay for ten minutes, so that one sees that they did.

import {get} from "./api.js";
import {el, panel, part, showItems, template} from "./dom.js";
import {duration, number, time} from "./format.js";
import {Poll} from "./poll.js";
import {pathOf} from "./router.js";

const heldLimit = 200;
const shownPerWorker = 5;
const rememberedFor = 10 * 60 * 1000;
const seen = new Map(); // name -> {worker, goneAt}

export function workers(main) {
  main.append(template("workers"));
  const poll = new Poll({
    load: async () => {
      const [report, held] = await Promise.all([
        get("api/v1/report"), get(`api/v1/orders?status=Processing&limit=${heldLimit}`)]);
      return {report, held: held.orders};
    },
    panels: [panel(main, "workers"), panel(main, "endpoints")],
    show: ({report, held}) => {
      showWorkers(part(panel(main, "workers"), "rows"), remember(report.workers), held);
      showEndpoints(part(panel(main, "endpoints"), "rows"), report.endpoints);
    },
  });
  return () => poll.stop();
}

function remember(live) {
  for (const worker of live) seen.set(worker.worker, {worker, goneAt: null});
  const names = new Set(live.map((worker) => worker.worker));
  for (const [name, known] of seen) {
    if (names.has(name)) continue;
    known.goneAt ??= new Date();
    if (Date.now() - known.goneAt > rememberedFor) seen.delete(name);
  }
  return [...seen.values()].sort((a, b) => (a.goneAt !== null) - (b.goneAt !== null) ||
    a.worker.started_at.localeCompare(b.worker.started_at));
}

function showWorkers(parent, known, held) {
  if (known.length === 0) {
    showItems(parent, ["none"], String, () => el("tr", {}, el("td", {colspan: 6, class: "empty late"},
      "No live worker: orders are taken, and none is begun.")));
    return;
  }
  showItems(parent, known, ({worker}) => worker.worker, ({worker, goneAt}) => {
    const orders = held.filter((order) => order.worker === worker.worker).reverse(); // oldest first
    return el("tr", {class: goneAt ? "gone" : null},
      el("th", {scope: "row", class: "name"}, worker.worker),
      el("td", {class: "wide"}, worker.host),
      el("td", {}, goneAt ? el("span", {class: "status failed"}, "Gone") :
        el("span", {class: "status processed"}, "Live"),
      goneAt ? el("span", {class: "soft"}, " since ", time(goneAt.toISOString())) : lastSeen(worker)),
      el("td", {}, goneAt ? "–" : [number(worker.processing), " of ", number(worker.threads)].join(""),
        goneAt ? null : el("progress", {max: worker.threads, value: Math.min(worker.processing, worker.threads),
          "aria-label": `Orders in work of ${worker.worker}`})),
      el("td", {class: "wide"}, time(worker.started_at)),
      el("td", {}, goneAt ? "–" : heldOrders(orders), goneAt ? null : leaseLeft(worker)));
  });
}

function lastSeen(worker) {
  if (!worker.last_seen_at) return null;
  return el("span", {class: "soft"}, ` seen ${duration(Math.max(0, secondsSince(worker.last_seen_at)))} ago`);
}

function leaseLeft(worker) {
  if (!worker.lease_ends_at) return null;
  return el("span", {class: "soft"},
    `The first lease ends in ${duration(Math.max(0, -secondsSince(worker.lease_ends_at)))}, unless it is renewed.`);
}

const secondsSince = (at) => Math.floor((Date.now() - new Date(at)) / 1000);

function heldOrders(orders) {
  if (orders.length === 0) return el("span", {class: "soft"}, "none");
  const list = el("ul", {class: "held"}, ...orders.slice(0, shownPerWorker).map((order) => el("li", {},
    el("a", {href: pathOf("order", {id: order.order_id})}, order.order_id),
    el("span", {class: "soft"}, ` for ${duration(secondsSince(order.started_at))}`))));
  if (orders.length > shownPerWorker) {
    list.append(el("li", {}, el("a", {href: pathOf("orders", {status: "Processing"})},
      `and ${number(orders.length - shownPerWorker)} more`)));
  }
  return list;
}

function showEndpoints(parent, endpoints) {
  if (endpoints.length === 0) {
    showItems(parent, ["none"], String, () => el("tr", {}, el("td", {colspan: 3, class: "empty"},
      "No live worker sends orders to a webhook.")));
    return;
  }
  showItems(parent, endpoints, (endpoint) => endpoint.kind, (endpoint) => el("tr", {},
    el("th", {scope: "row"}, el("a", {href: pathOf("orders", {kind: endpoint.kind})}, endpoint.kind)),
    el("td", {class: "number"}, number(endpoint.in_flight)),
    el("td", {}, el("span", {class: endpoint.breaker === "open" ? "status failed" : "status processed"},
      endpoint.breaker === "open" ? "Open: it has failed, and gets one at a time" : "Closed"))));
}

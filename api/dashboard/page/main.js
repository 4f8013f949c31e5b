// The frame around the pages: which page an address shows, the header, banners, the token, keys.

import {get, session} from "./api.js";
import {el, part, setText, showItems} from "./dom.js";
import {timeOfDay} from "./format.js";
import {watchKeys} from "./keyboard.js";
import {order} from "./order.js";
import {orders} from "./orders.js";
import {overview} from "./overview.js";
import {askAll, lastAnswer, live, Poll, worstFailure} from "./poll.js";
import {preferences} from "./preferences.js";
import {begin, go, pageOf, pathOf} from "./router.js";
import {settings} from "./settings.js";
import {workers} from "./workers.js";

const pages = {"": overview, orders, order, workers, settings};
const titles = {"": "Overview", orders: "Orders", order: "Order", workers: "Workers", settings: "Settings"};

let stopPage = () => {};
let shownPage = null;
function showPage() {
  stopPage();
  const page = pageOf(location) in pages ? pageOf(location) : "";
  const main = document.getElementById("main");
  main.replaceChildren();
  document.title = `${titles[page]} – Orders`;
  for (const link of document.querySelectorAll("nav a")) {
    const isCurrent = link.dataset.page === (page === "" ? "overview" : page === "order" ? "orders" : page);
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  stopPage = pages[page](main, new URLSearchParams(location.search));
  if (shownPage !== null && shownPage !== page) {
    main.focus({preventScroll: true});
    scrollTo(0, 0);
  }
  shownPage = page;
}

// --- Banners

const banners = new Map();
function setBanner(key, make) {
  if (make === null) banners.delete(key);
  else banners.set(key, make);
  showItems(document.getElementById("banners"), [...banners.entries()], ([name]) => name,
    ([, made]) => made());
}

const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
let isOpenKnown = false; // that it is open was read

function noteAccess(answer) {
  const isOpen = answer.access === "open" && !(answer.is_local && isLocal) && !isOpenKnown;
  setBanner("open", isOpen ? () => el("div", {class: "banner warn"},
    el("span", {}, "Everybody who can reach this address can read and change orders. Set API_TOKENS or API_TOKENS_FILE."),
    el("button", {type: "button", onclick: () => { isOpenKnown = true; setBanner("open", null); }}, "I know")) : null);
}

// --- The token

let isSigningIn = false;
let isDeclined = false;
async function signIn() {
  if (isSigningIn) return;
  isSigningIn = true;
  const dialog = document.getElementById("sign-in");
  const field = dialog.querySelector("input");
  setText(part(dialog, "fault"), session.hasToken() ? "The token is not valid." : "");
  field.value = "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  field.focus();
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, {once: true}); });
  isSigningIn = false;
  isDeclined = dialog.returnValue !== "ok";
  // What no header can carry was copied along by mistake: blanks, say, or marks that one cannot see.
  if (!isDeclined) session.set(field.value.replace(/[^\x21-\x7e]/g, ""));
  field.value = "";
  if (isDeclined) noteFailures();
  else askAll();
}

function noteFailures() {
  const failure = worstFailure();
  const isUnknown = failure?.status === 401;
  if (isUnknown && !isDeclined) signIn();
  setBanner("token", isUnknown && isDeclined ? () => el("div", {class: "banner warn"},
    el("span", {}, failure.message), el("button", {type: "button", onclick: signIn}, "Sign in")) : null);
  setBanner("scope", failure?.status === 403 ? () => el("div", {class: "banner warn"},
    el("span", {}, "The token may not read; it needs the scope read."),
    el("button", {type: "button", onclick: signIn}, "Use another")) : null);
  setBanner("away", failure?.status === 0 ? () => el("div", {class: "banner bad"},
    "The API does not answer. What is shown is from before; trying again.") : null);
}

// --- The header

function noteLive() {
  const button = document.getElementById("live");
  const failure = worstFailure();
  const asOf = lastAnswer();
  button.setAttribute("aria-pressed", String(live.isPaused()));
  button.dataset.live = live.isPaused() ? "paused" : failure ? "failed" : "good";
  setText(document.getElementById("live-text"), live.isPaused() ? "Paused" : failure ? "Trying again" : "Live");
  button.title = (asOf ? `As of ${timeOfDay(asOf)}. ` : "") +
    (live.isPaused() ? "Press to go on" : "Press to pause");
  noteFailures();
}

function prepareHeader() {
  live.note = noteLive;
  const togglePause = () => live.pause(!live.isPaused());
  document.getElementById("live").addEventListener("click", togglePause);
  const show = () => {
    setText(document.getElementById("zone"), preferences.zone() === "utc" ? "UTC" : "Local time");
    setText(document.getElementById("theme"), `Theme: ${preferences.theme()}`);
  };
  show();
  preferences.onChange(() => { show(); showPage(); });
  document.getElementById("zone").addEventListener("click", () => preferences.nextZone());
  document.getElementById("theme").addEventListener("click", () => preferences.nextTheme());
  const find = document.getElementById("find");
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    const id = document.getElementById("find-id").value.trim();
    if (id !== "") go(pathOf("order", {id}));
  });
  const keys = document.getElementById("keys");
  document.getElementById("help").addEventListener("click", () => keys.showModal());
  watchKeys({togglePause, showHelp: () => keys.showModal()});
}

// (Submit buttons they are not: Enter in a field would press the first one.)
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close("cancel"));
}
prepareHeader();
begin(showPage);
new Poll({load: () => get("api/v1/settings"), every: 60000, show: noteAccess});
new Poll({
  load: () => get("readyz"),
  every: 10000,
  show: () => setBanner("ready", null),
  onFailure: (failure) => setBanner("ready", failure.status === 503 ?
    () => el("div", {class: "banner bad"}, `Not ready: ${failure.message}`) : null),
});

// Acting on orders: one is asked first, with the number of orders that it would be, and told what came
// of it.

import {patch, post} from "./api.js";
import {el, part, setText} from "./dom.js";
import {number} from "./format.js";

// Told to everybody who looks or listens; goes away by itself.
export function tell(text, isFault = false) {
  const toast = el("p", {class: isFault ? "toast fault" : "toast"}, text);
  document.getElementById("result").append(toast);
  setTimeout(() => toast.remove(), isFault ? 12000 : 6000);
}

// What `run` comes to is told: by `done` if it succeeds.
export async function attempt(run, done) {
  try {
    done(await run());
    return true;
  } catch (failure) {
    if (failure.status === undefined) throw failure;
    const fields = (failure.problem?.errors ?? []).map((one) => `${one.field} ${one.detail}`);
    tell([`Not done. ${failure.message}`, ...fields].join(" "), true);
    return false;
  }
}

let asked = 0;

// Asks; a promise of whether the answer was yes. `text` may be a promise: until it is there, one
// cannot say yes, and if it comes to null there is nothing to be done.
export function confirm({title, text, yes}) {
  const mine = ++asked;
  const dialog = document.getElementById("confirm");
  const agree = part(dialog, "yes");
  const fault = part(dialog, "fault");
  setText(document.getElementById("confirm-title"), title);
  setText(part(dialog, "text"), text instanceof Promise ? "Counting…" : text);
  setText(agree, yes);
  setText(fault, "");
  agree.disabled = text instanceof Promise;
  dialog.returnValue = "cancel";
  dialog.showModal();
  part(dialog, "no").focus();
  if (text instanceof Promise) {
    // By then the dialog may ask something else.
    text.then((known) => {
      if (mine !== asked) return;
      setText(part(dialog, "text"), known.text);
      agree.disabled = !known.isPossible;
    }, (failure) => {
      if (mine !== asked) return;
      setText(part(dialog, "text"), "");
      setText(fault, failure.message);
    });
  }
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), {once: true});
  });
}

const words = {
  cancel: {name: "Cancel", done: "cancelled", result: "cancelled", usual: "Pending and Processing",
    consequence: "What is in work is taken from its worker; what that has done by then is done."},
  retry: {name: "Retry", done: "to be tried again", result: "retried", usual: "Failed",
    consequence: "A new round begins, at the end of the queue, with no attempts charged."},
};

const orderPath = (id) => `api/v1/orders/${encodeURIComponent(id)}`;

export async function actOnOne(what, id) {
  const {name, done, consequence} = words[what];
  const isSure = await confirm({title: `${name} order ${id}?`, text: consequence, yes: `${name} it`});
  return isSure && attempt(() => post(`${orderPath(id)}/${what}`), () => tell(`Order ${id} is ${done}.`));
}

export const change = (id, fields, outcome) =>
  attempt(() => patch(orderPath(id), fields), () => tell(`Order ${id} ${outcome}.`));

// Those that were chosen by hand.
export async function actOnChosen(what, ids) {
  const {name, done, consequence} = words[what];
  const isSure = await confirm({
    title: `${name} ${orders(ids.length)}?`, text: consequence, yes: `${name} ${number(ids.length)}`});
  if (!isSure) return false;
  let succeeded = 0;
  const failures = [];
  const rest = [...ids];
  const some = async () => {
    for (let id = rest.shift(); id !== undefined; id = rest.shift()) {
      try {
        await post(`${orderPath(id)}/${what}`);
        ++succeeded;
      } catch (failure) {
        if (failure.status === undefined) throw failure;
        failures.push(`${id}: ${failure.message}`);
        if (failure.status === 401 || failure.status === 403) rest.length = 0;
      }
    }
  };
  await Promise.all([some(), some(), some(), some()]);
  tell(`${number(succeeded)} of ${orders(ids.length)} ${done}.`);
  if (failures.length > 0) {
    tell(`${failures.slice(0, 3).join(" ")}${failures.length > 3 ? ` And ${failures.length - 3} more.` : ""}`, true);
  }
  return true;
}

const bulkLimit = 10000;
const orders = (count) => `${number(count)} ${count === 1 ? "order" : "orders"}`;

// All that fit the filter: counted first, up to a bound.
export async function actOnAll(what, filter, description) {
  const {name, done, result, usual, consequence} = words[what];
  const path = `api/v1/orders/${what}`;
  const isSure = await confirm({
    // Without a status, only those are meant.
    title: `${name} all ${filter.status ? "" : `${usual} `}orders ${description}?`, yes: `${name} all`,
    text: post(path, {...filter, limit: bulkLimit, dry_run: true}).then(({matching, more}) => ({
      isPossible: matching > 0,
      text: matching === 0 ? "None fit." : more ?
        `More than ${orders(matching)} fit; the ${number(matching)} that came first are taken now. ${consequence}` :
        `${orders(matching)} ${matching === 1 ? "fits" : "fit"}. ${consequence}`}))});
  if (!isSure) return false;
  return attempt(() => post(path, {...filter, limit: bulkLimit}), (answer) =>
    tell(`${orders(answer[result])} ${done}${answer.more ? "; there are more that fit" : ""}.`));
}

// Keeps panels up to date: asks every two seconds, not while the tab is hidden or the reader has paused
// it, and less often while the API is busy or away. What a panel shows stays when it cannot be read
// anew, with a note of when it is from.

import {timeOfDay} from "./format.js";
import {el, setText} from "./dom.js";

const usual = 2000;
const longest = 30000;
const polls = new Set();
let isPaused = false;

export const live = {
  isPaused: () => isPaused,
  pause(value) {
    isPaused = value;
    for (const poll of polls) poll.resume();
    live.note();
  },
  note: () => {}, // told of every outcome; set by the header
};

document.addEventListener("visibilitychange", () => {
  for (const poll of polls) poll.resume();
});

// load(): a promise of what show() is called with. `panels` show how the last try went.
export class Poll {
  constructor({load, show, panels = [], every = usual, onFailure = () => {}}) {
    Object.assign(this, {load, show, panels, every, onFailure});
    this.asOf = null;
    this.failure = null;
    this.wait = every;
    this.next = 0;
    this.timer = null;
    this.isAsking = false;
    polls.add(this);
    for (const panel of panels) markPanel(panel, "loading");
    this.ask();
  }

  stop() {
    polls.delete(this);
    clearTimeout(this.timer);
  }

  resume() {
    if (!polls.has(this) || this.isAsking) return;
    clearTimeout(this.timer);
    if (isPaused || document.hidden) return;
    this.timer = setTimeout(() => this.ask(), Math.max(0, this.next - performance.now()));
  }

  // At once, whatever was planned.
  async ask() {
    if (this.isAsking) { this.asksAgain = true; return; }
    this.isAsking = true;
    clearTimeout(this.timer);
    const begun = performance.now();
    try {
      const answer = await this.load();
      if (!polls.has(this)) return;
      this.asOf = new Date();
      this.failure = null;
      // What takes the API long is asked for more rarely.
      this.wait = Math.min(longest, Math.max(this.every, 10 * (performance.now() - begun)));
      for (const panel of this.panels) this.mark(panel); // what is hidden has no size to draw in
      this.show(answer);
    } catch (failure) {
      if (!polls.has(this)) return;
      if (failure.status === undefined) throw failure; // a bug
      this.failure = failure;
      this.wait = failure.retryAfter !== null && failure.retryAfter > 1 ?
        Math.min(longest, failure.retryAfter * 1000) : Math.min(longest, 2 * this.wait);
      this.onFailure(failure);
    } finally {
      this.isAsking = false;
      this.next = performance.now() + this.wait;
      if (polls.has(this)) {
        for (const panel of this.panels) this.mark(panel);
        live.note();
        if (this.asksAgain) { this.asksAgain = false; this.ask(); } else this.resume();
      }
    }
  }

  mark(panel) {
    if (!this.failure) markPanel(panel, "good");
    else if (this.asOf) markPanel(panel, "stale", `As of ${timeOfDay(this.asOf)}; trying again. ${this.failure.message}`);
    else markPanel(panel, "failed", `${this.failure.message}${isLost(this.failure) ? " Trying again." : ""}`);
  }
}

const isLost = (failure) => failure.status === 0 || failure.status >= 429;

function markPanel(panel, state, text = "") {
  panel.dataset.state = state;
  let note = panel.querySelector(":scope > .note");
  if (!note) {
    note = el("p", {class: "note"});
    panel.prepend(note);
  }
  setText(note, state === "loading" ? "Loading…" : text);
}

// Of all that is asked for: the one to do something about first, or null.
export function worstFailure() {
  const failures = [...polls].map((poll) => poll.failure).filter((failure) => failure && !failure.isOld());
  const known = [401, 403, 0];
  return known.map((status) => failures.find((failure) => failure.status === status))
    .find((failure) => failure) ?? failures[0] ?? null;
}

export function lastAnswer() {
  let last = null;
  for (const poll of polls) if (poll.asOf && (!last || poll.asOf > last)) last = poll.asOf;
  return last;
}

export function askAll() {
  for (const poll of polls) poll.ask();
}

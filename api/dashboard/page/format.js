// How numbers, times and durations look. Times are shown in the browser's zone or in UTC.

import {el} from "./dom.js";
import {preferences} from "./preferences.js";

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const some = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
export function number(value) {
  if (value === null || value === undefined) return "–";
  return (Number.isInteger(value) || Math.abs(value) >= 100 ? whole : some).format(value);
}

const formats = new Map();
function formatter(options) {
  const zone = preferences.zone() === "utc" ? "UTC" : undefined;
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat("en-GB", {timeZone: zone, hourCycle: "h23", ...options}));
  }
  return formats.get(key);
}

const clock = {hour: "2-digit", minute: "2-digit", second: "2-digit"};
const day = {year: "numeric", month: "short", day: "2-digit"};

export const timeOfDay = (date) => formatter(clock).format(date);
export const timeAndDay = (date) => formatter({...day, ...clock}).format(date);

function isToday(date) {
  const of = (time) => formatter(day).format(time);
  return of(date) === of(new Date());
}

// A <time> with the ISO time in UTC as its title; log lines have that form. `text` is null for a time
// that there is none of.
export function time(text) {
  if (!text) return el("span", {class: "soft"}, "–");
  const date = new Date(text);
  return el("time", {datetime: text, title: text},
    isToday(date) ? timeOfDay(date) : timeAndDay(date));
}

function twoParts(value, size, large, small) {
  const rest = Math.floor(value % size);
  return `${Math.floor(value / size)} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds === 0) return "0 s";
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${some.format(seconds)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return twoParts(seconds, 60, "min", "s");
  if (seconds < 86400) return twoParts(seconds / 60, 60, "h", "min");
  return twoParts(seconds / 3600, 24, "d", "h");
}

export const between = (from, to) => (from && to ? duration((new Date(to) - new Date(from)) / 1000) : "–");

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let unit = -1;
  let size = value;
  while (size >= 1024 && unit < units.length - 1) { size /= 1024; ++unit; }
  return `${some.format(size)} ${units[unit]}`;
}

// The word as well as the colour.
export const status = (name) => el("span", {class: `status ${name.toLowerCase()}`}, name);

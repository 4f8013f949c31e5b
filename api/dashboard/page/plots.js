// A plot over time, drawn by dygraphs, with a legend that says the values: the newest ones, or those at
// the pointer. What is null is not drawn.

import {el, setText} from "./dom.js";
import {timeOfDay} from "./format.js";
import {preferences} from "./preferences.js";

const height = 170;

// The legend of its own sets a style as an attribute, which the page's policy forbids.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

// As the style sheet has it in the theme of now; dygraphs needs the value.
function colorOf(name, near) {
  const probe = el("span");
  probe.style.color = `var(${name})`;
  near.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

export class Plot {
  // series: [{name, color}], where the color is a property of the style sheet; format(value): its text.
  constructor(parent, {title, series, format}) {
    this.series = series;
    this.format = format;
    this.rows = [];
    this.at = el("span", {class: "at"});
    this.values = series.map(() => el("b"));
    const legend = el("p", {class: "legend"}, ...series.map((one, index) => {
      const swatch = el("span", {class: "swatch", "aria-hidden": "true"});
      swatch.style.backgroundColor = `var(${one.color})`;
      return el("span", {}, swatch, `${one.name} `, this.values[index]);
    }), this.at);
    this.canvas = el("div", {class: "plot", role: "img", "aria-label": title});
    this.canvas.style.height = `${height}px`;
    this.title = title;
    parent.replaceChildren(legend, this.canvas);
  }

  // rows: [[Date, value, ...], ...]
  show(rows) {
    this.rows = rows;
    this.tell(rows.findLast((row) => row.slice(1).some((value) => value !== null)) ?? null, false);
    if (rows.length < 2) return;
    const newest = rows.at(-1)[0];
    const dateWindow = [rows[0][0].getTime(), newest.getTime()];
    if (this.graph) this.graph.updateOptions({file: rows, dateWindow});
    else this.draw(rows, dateWindow);
    this.canvas.setAttribute("aria-label", `${this.title}: ${this.series.map((one, index) =>
      `${one.name} ${this.values[index].textContent}`).join(", ")}`);
  }

  draw(rows, dateWindow) {
    const axis = colorOf("--soft", this.canvas);
    const grid = colorOf("--line", this.canvas);
    this.graph = new Dygraph(this.canvas, rows, {
      labels: ["Time", ...this.series.map((one) => one.name)],
      colors: this.series.map((one) => colorOf(one.color, this.canvas)),
      height, dateWindow, legend: "never", strokeWidth: 1.6, includeZero: true,
      fillGraph: true, fillAlpha: 0.1,
      gridLineColor: grid, axisLineColor: grid, axisLabelFontSize: 12,
      labelsUTC: preferences.zone() === "utc",
      xRangePad: 0, yRangePad: 8, rightGap: 8, interactionModel: {},
      highlightCircleSize: 3,
      axes: {
        x: {pixelsPerLabel: 70},
        y: {axisLabelWidth: 52, pixelsPerLabel: 34, axisLabelFormatter: (value) => this.format(value)},
      },
      highlightCallback: (event, x, points, row) => this.tell(this.rows[row] ?? null, true),
      unhighlightCallback: () => this.show(this.rows),
    });
    this.canvas.style.color = axis;
  }

  tell(row, isPointedAt) {
    this.series.forEach((one, index) => {
      const value = row?.[index + 1] ?? null;
      setText(this.values[index], value === null ? "–" : this.format(value));
    });
    setText(this.at, isPointedAt && row ? `at ${timeOfDay(row[0])}` : "");
  }

  stop() { this.graph?.destroy(); }
}

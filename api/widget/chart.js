/* Bars, drawn to the width there is, with the same numbers as a table and as a file. */

import { cell, el, measured, save, svg } from "/dom.js";

const ROW = 34;
const BAR = 10;

/** A figure for a series: {title, unit, labels, values}. */
export function chart(series) {
  const drawing = svg("svg", { role: "img", "aria-label": `${series.title}. The numbers are in the table below.` });
  new ResizeObserver(() => draw(drawing, series)).observe(drawing);
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, series.title),
    drawing,
    el(
      "div",
      { class: "row" },
      el("details", {}, el("summary", {}, "As a table"), table(series)),
      el("button", { type: "button", class: "quiet", onclick: () => save("chart.csv", csv(series), "text/csv") }, "Save as CSV"),
    ),
  );
}

function draw(drawing, series) {
  const width = drawing.clientWidth;
  if (width === 0 || drawing.dataset.width === String(width)) return;
  drawing.dataset.width = String(width);
  const height = series.labels.length * ROW;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.setAttribute("height", height);
  const values = series.values.map(Number);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const at = (value) => (high === low ? 0 : ((value - low) / (high - low)) * width);
  const zero = at(0);
  const rows = values.map((value, i) => bar(series, value, i, { width, zero, from: Math.min(zero, at(value)), to: Math.max(zero, at(value)) }));
  const axis = low < 0 ? [svg("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: height })] : [];
  drawing.replaceChildren(...axis, ...rows);
}

function bar(series, value, i, { width, from, to }) {
  const top = i * ROW;
  const amount = measured(series.values[i], series.unit);
  const room = Math.max(4, Math.floor(width / 8) - amount.length - 2);
  const label = series.labels[i].length > room ? `${series.labels[i].slice(0, room - 1)}…` : series.labels[i];
  return svg(
    "g",
    {},
    svg("title", {}, `${series.labels[i]}: ${amount}`),
    svg("text", { x: 0, y: top + 14 }, label),
    svg("text", { x: width, y: top + 14, class: "amount" }, amount),
    svg("rect", { x: from, y: top + 19, width: Math.max(1, to - from), height: BAR - 2, rx: 2, class: value < 0 ? "bar below" : "bar" }),
  );
}

function table(series) {
  const rows = series.labels.map((label, i) => {
    return el("tr", {}, el("td", {}, label), el("td", { class: "amount" }, measured(series.values[i], series.unit)));
  });
  const head = el("tr", {}, el("th", { scope: "col" }, "For"), el("th", { scope: "col", class: "amount" }, "Value"));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
}

function csv(series) {
  const lines = series.labels.map((label, i) => [label, series.values[i], series.unit].map(cell).join(","));
  return ["label,value,unit", ...lines, ""].join("\r\n");
}

/* Elements and the words in them. Data only ever becomes text nodes and properties, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties (`class` and `on…` included); children are elements or plain text. */
export function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

/** "1306.79" in GBP as "£1,306.79": the text goes in as it is, so no digit is lost to a binary fraction. */
export function money(value, currency) {
  return new Intl.NumberFormat(locale, { style: "currency", currency }).format(value);
}

const CURRENCY = /^[A-Z]{3}$/;

/** A value of a chart in its unit: an ISO 4217 code, "percent", or a bare number. */
export function measured(value, unit) {
  if (CURRENCY.test(unit)) return money(value, unit);
  const number = new Intl.NumberFormat(locale).format(value);
  return unit === "percent" ? `${number} %` : number;
}

/** "2026-10-31" as "31 Oct 2026". */
export function day(text) {
  const shown = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return shown.format(new Date(`${text}T00:00:00Z`));
}

/** The days from the first to the last that a scope covers. Of several periods "", for what lies between them is not covered. */
export function days(scope) {
  const apart = scope.period.includes("; ");
  return scope.since && scope.until && !apart ? `${day(scope.since)} – ${day(scope.until)}` : "";
}

export function moment(text) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** Offer text as a file. */
export function save(name, text, type) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** A CSV cell: quoted, and never a formula to a spreadsheet unless it is a number. */
export function cell(text) {
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?[0-9.]+$/.test(text) ? `'${text}` : text;
  return `"${plain.replaceAll('"', '""')}"`;
}

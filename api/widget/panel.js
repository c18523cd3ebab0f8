/* What is behind a figure: its scope, and the rows or the other figures that it was worked out from. */

import { day, days, el, money, moment, save } from "/dom.js";
import { call } from "/session.js";

const panel = document.getElementById("panel");
const beside = matchMedia("(min-width: 64rem)");
const SHOWN = 100;
let opener = null;

panel.addEventListener("close", () => {
  opener?.setAttribute("aria-expanded", "false");
  if (opener?.isConnected) opener.focus();
  opener = null;
});
// A panel beside the conversation is not modal, so the browser does not close it on Escape.
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.open) panel.close();
});
panel.addEventListener("click", (event) => {
  if (event.target === panel && !beside.matches) panel.close();
});

export function closePanel() {
  opener = null;
  if (panel.open) panel.close();
}

/** Open the panel for a fact of a turn; `button` gets the focus back. */
export async function openPanel(conversation, turn, fact, button) {
  opener?.setAttribute("aria-expanded", "false");
  opener = button;
  button.setAttribute("aria-expanded", "true");
  panel.replaceChildren(...head(fact), el("p", { class: "status", role: "status" }, "Looking up the rows"));
  if (!panel.open) {
    if (beside.matches) panel.show();
    else panel.showModal();
  }
  panel.scrollTop = 0;
  panel.querySelector("button").focus({ preventScroll: true });
  const where = `/v1/conversations/${conversation}/facts/${turn}/${fact.ref}`;
  try {
    const behind = await (await call(`${where}?limit=${SHOWN}`)).json();
    if (opener === button) panel.replaceChildren(...head(fact), ...body(conversation, turn, where, behind, button));
  } catch (error) {
    if (opener === button) panel.replaceChildren(...head(fact), el("p", { class: "problem", role: "alert" }, error.message));
  }
  panel.querySelector("button")?.focus({ preventScroll: true });
}

function head(fact) {
  const close = el("button", { type: "button", class: "quiet", onclick: () => panel.close() }, "Close");
  const title = el("h2", { id: "figure-label" }, sentence(fact.label));
  return [el("div", { class: "head" }, title, close), el("p", { class: "value" }, fact.shown)];
}

function body(conversation, turn, where, behind, button) {
  const again = (fact) => openPanel(conversation, turn, fact, button);
  return [scope(behind.scope), ...formula(behind, again), ...rows(where, behind)];
}

function scope(of) {
  const lines = [
    ["Period", [...new Set([sentence(of.period), days(of)])].filter(Boolean).join(": ")],
    ["Accounts", of.accounts.join(", ")],
    ["Merchants", of.merchants.join(", ")],
    ["Category", of.category ?? ""],
    ["Leaves out", of.leaves_out.join("; ")],
    ["Up to date", of.as_of ? moment(of.as_of) : ""],
  ];
  const told = lines.filter(([, words]) => words !== "");
  return el("dl", {}, ...told.flatMap(([name, words]) => [el("dt", {}, name), el("dd", {}, words)]));
}

function formula(behind, again) {
  if (behind.fact.formula === null) return [];
  const shown = new Map(behind.inputs.map((fact) => [fact.ref, fact.shown]));
  const words = behind.fact.formula.replaceAll(/f[0-9]+/g, (ref) => shown.get(ref) ?? ref);
  const inputs = behind.inputs.map((fact) => {
    const figure = el("button", { type: "button", class: "figure", onclick: () => again(fact) }, fact.shown);
    return el("tr", {}, el("td", {}, sentence(fact.label)), el("td", { class: "amount" }, figure));
  });
  return [
    el("h3", {}, "How it was worked out"),
    el("p", {}, words),
    el("table", {}, el("tbody", {}, ...inputs)),
  ];
}

function rows(where, behind) {
  if (behind.total === 0) return behind.inputs.length > 0 ? [] : [el("h3", {}, "No rows"), el("p", {}, "It does not rest on single payments.")];
  const list = el("tbody", {}, ...behind.rows.map(row));
  const columns = [el("th", { scope: "col" }, "Date"), el("th", { scope: "col" }, "Payment"), el("th", { scope: "col", class: "amount" }, "Amount")];
  const more = el("button", { type: "button", class: "chip", onclick: () => next(where, behind.total, list, more) }, "Show more");
  more.hidden = behind.rows.length >= behind.total;
  return [
    el("h3", {}, behind.total === 1 ? "1 payment" : `${behind.total} payments`),
    el("table", {}, el("thead", {}, el("tr", {}, ...columns)), list),
    el("div", { class: "more" }, more, el("button", { type: "button", class: "chip", onclick: () => exported(where) }, "Save as CSV")),
  ];
}

function row(of) {
  const notes = [of.account, of.category, of.status === "booked" ? "" : of.status].filter(Boolean).join(" · ");
  return el(
    "tr",
    {},
    el("td", { class: "date" }, day(of.booked_on)),
    el("td", {}, of.text, el("small", {}, notes)),
    el("td", { class: "amount" }, money(of.amount, of.currency)),
  );
}

async function next(where, total, list, more) {
  more.disabled = true;
  const behind = await (await call(`${where}?limit=${SHOWN}&offset=${list.childElementCount}`)).json();
  list.append(...behind.rows.map(row));
  more.disabled = false;
  more.hidden = list.childElementCount >= total;
}

async function exported(where) {
  const response = await call(where, { headers: { Accept: "text/csv" } });
  save("payments.csv", await response.text(), "text/csv");
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/* What waits for a yes: every value of it, where each comes from, and two buttons. */

import { day, el, moment } from "/dom.js";

const TITLES = {
  Pay: "Send money",
  Transfer: "Move money",
  AddBeneficiary: "Save a payee",
  FreezeCard: "Freeze",
  UnfreezeCard: "Unfreeze",
  ReplaceCard: "Order a replacement",
};
const NAMES = { amount: "Amount", payee: "To", account: "From", reference: "Reference", on: "When", fee: "Fee", cards: "Card" };
const ENDS = {
  reserved: "On its way",
  sent: "On its way",
  done: "Done",
  failed: "Not done",
  unknown: "Not known yet",
  cancelled: "Called off",
  expired: "Too late to confirm",
};
const DATE = /^\d{4}-\d{2}-\d{2}$/;
// Slips of this page by intent: a later event closes the one that it is about.
const slips = new Map();

/** The slip of a confirmation event. confirm and cancel: what the buttons do, called with the event. */
export function slip(event, confirm, cancel) {
  for (const other of slips.values()) close(other, "Replaced by what came after");
  const values = event.values.flatMap((value) => [el("dt", {}, NAMES[value.name] ?? value.name), el("dd", {}, shown(value), origin(value))]);
  const buttons = el(
    "p",
    { class: "more" },
    el("button", { type: "button", class: "primary", onclick: () => confirm(event) }, event.step_up ? "Prove it is you, then confirm" : "Confirm"),
    el("button", { type: "button", class: "quiet", onclick: () => cancel(event) }, "Cancel"),
  );
  const state = el("p", { class: "state" }, `Good until ${moment(event.expires_at)}`);
  const node = el("section", { class: "card slip", "aria-label": TITLES[event.action] }, el("h3", {}, TITLES[event.action]), el("dl", {}, ...values), buttons, state);
  const made = { node, buttons, state };
  slips.set(event.intent, made);
  return node;
}

/** Close the slip that a receipt is about. */
export function receipt(event) {
  const made = slips.get(event.intent);
  if (made !== undefined) close(made, ENDS[event.state]);
}

/** After the customer has proved who they are: the one slip that still waits wants no more than a yes. */
export function proved() {
  for (const { buttons } of slips.values()) buttons.firstElementChild.textContent = "Confirm";
}

function close(made, words) {
  if (made.state.dataset.closed) return;
  made.state.dataset.closed = "true";
  made.buttons.remove();
  made.state.textContent = words;
}

function shown(value) {
  return value.name === "on" && DATE.test(value.shown) ? day(value.shown) : value.shown;
}

function origin(value) {
  return value.origin === "data" ? el("small", { class: "problem" }, `Not in your own words: from ${value.source}`) : "";
}

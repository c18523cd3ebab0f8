/* The chat page: logged out or in, one conversation at a time. */

import { Turn } from "/answer.js";
import { day, el } from "/dom.js";
import { closePanel } from "/panel.js";
import { call, comeBack, configuration, logIn, loggedIn, logOut, Refused, stepUp } from "/session.js";
import { proved } from "/slip.js";
import { ask, confirm, resume } from "/stream.js";

const CONVERSATION = "counterfoil.conversation";
// Set while the customer is away to prove who they are, for something that waits for a yes.
const PROVING = "counterfoil.proving";
const SUGGESTIONS = [
  "What is my balance, and how much can I spend?",
  "How much did I spend on groceries last month?",
  "What was my biggest payment this month?",
  "Show my spending by category last month",
  "Which direct debits do I have?",
];
const UNREACHABLE = "The bank's assistant cannot be reached. Check your connection.";
const READY_MS = 5000;
const GAP = 16;
const by = (id) => document.getElementById(id);

let conversation = null;
let running = false;
let following = true;

async function start() {
  let problem = "";
  try {
    await comeBack();
  } catch (error) {
    // Whoever only meant to prove again who they are is still logged in.
    if (!loggedIn()) return welcome(error.message);
    problem = error.message;
  }
  if (!loggedIn()) return welcome();
  try {
    const party = await (await call("/v1/me")).json();
    by("greeting").textContent = `Hello, ${party.name.split(" ")[0]}`;
    by("logout").title = `Logged in as ${party.name}`;
    const { outside_model: host } = await configuration();
    by("sharing").hidden = host === "";
    by("model-host").textContent = host;
    by("welcome").hidden = true;
    for (const id of ["tools", "chat"]) by(id).hidden = false;
    const kept = sessionStorage.getItem(CONVERSATION);
    if (kept !== null) await show(kept);
    by("words").focus();
    if (sessionStorage.getItem(PROVING) !== null) {
      sessionStorage.removeItem(PROVING);
      if (problem === "") proved();
    }
    await watchModel();
    if (problem !== "") notice(problem);
  } catch (error) {
    gone(error);
  }
}

function welcome(problem = "") {
  for (const id of ["tools", "chat", "banner"]) by(id).hidden = true;
  closePanel();
  by("welcome").hidden = false;
  by("login-problem").hidden = problem === "";
  by("login-problem").textContent = problem;
}

/** Back to the login when it has ended; anything else is said where the customer looks. */
function gone(error) {
  if (error instanceof Refused && error.status === 401) return welcome("Your login has ended. Please log in again.");
  notice(error instanceof Refused ? error.message : UNREACHABLE);
}

function notice(words) {
  by("banner").textContent = words;
  by("banner").hidden = words === "";
}

/* One conversation */

function use(id) {
  conversation = id;
  if (id === null) sessionStorage.removeItem(CONVERSATION);
  else sessionStorage.setItem(CONVERSATION, id);
}

function clear() {
  use(null);
  closePanel();
  by("log").replaceChildren();
  by("start").hidden = false;
  by("words").focus();
}

/** Show a conversation with all that was said in it, and go on with an answer that is still coming. */
async function show(id) {
  let history;
  try {
    history = await (await call(`/v1/conversations/${id}`)).json();
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return clear();
    throw error;
  }
  closePanel();
  use(id);
  by("log").setAttribute("aria-busy", "true");
  by("log").replaceChildren();
  by("start").hidden = history.turns.length > 0;
  let last = 0;
  let turn = null;
  for (const told of history.turns) {
    turn = added(told.message);
    for (const logged of told.events) {
      turn.tell({ ...logged.event, turn: logged.turn });
      last = logged.number;
    }
  }
  by("log").setAttribute("aria-busy", "false");
  scrollTo(0, document.body.scrollHeight);
  if (turn !== null && !history.turns.at(-1).ended) await working(turn, (tell) => resume(id, last, tell));
}

function added(message) {
  const turn = new Turn(conversation, message, send, agree);
  by("log").append(turn.node);
  by("start").hidden = true;
  return turn;
}

async function send(message) {
  if (running || message.trim() === "") return;
  by("words").value = "";
  const turn = added(message.trim());
  following = true;
  await working(turn, async (tell) => {
    if (conversation === null) use((await (await call("/v1/conversations", { method: "POST" })).json()).id);
    turn.conversation = conversation;
    await ask(conversation, turn.message, tell);
  });
}

/** Say yes to what a confirmation event showed; where that takes a stronger login, leave for it first. */
async function agree(shown) {
  if (running) return;
  const turn = added("Confirmed");
  following = true;
  await working(turn, async (tell) => {
    try {
      await confirm(conversation, shown, tell);
    } catch (error) {
      if (error.problem?.code !== "step_up_required") throw error;
      turn.node.remove();
      sessionStorage.setItem(PROVING, shown.intent);
      await stepUp(error.wanted.acr_values, error.wanted.max_age ?? null);
    }
  });
}

/** While an answer comes there is a button to stop it, and none to ask. */
async function working(turn, coming) {
  busy(true);
  try {
    keepInSight(turn);
    await coming((event) => {
      turn.tell(event);
      keepInSight(turn);
    });
  } catch (error) {
    turn.fail(error instanceof Refused ? error.message : UNREACHABLE);
    if (error.status === 401) gone(error);
  } finally {
    busy(false);
    keepInSight(turn);
  }
}

/** Scroll to the end of an answer, as far as its question stays in sight, unless the customer has scrolled away. */
function keepInSight(turn) {
  if (!following) return;
  const { top, bottom } = turn.node.getBoundingClientRect();
  const below = bottom - (by("ask").getBoundingClientRect().top - GAP);
  scrollBy({ top: Math.min(below, top - document.querySelector("header").offsetHeight - GAP) });
}

function busy(now) {
  running = now;
  by("send").hidden = now;
  by("stop").hidden = !now;
  for (const id of ["new", "earlier"]) by(id).disabled = now;
  for (const chip of document.querySelectorAll(".chat .chip")) chip.disabled = now;
  if (!now && !matchMedia("(pointer: coarse)").matches && !by("panel").open) by("words").focus({ preventScroll: true });
}

/* Earlier conversations */

async function listEarlier() {
  const list = by("history");
  list.replaceChildren(el("p", {}, "Looking them up"));
  const found = (await (await call("/v1/conversations")).json()).filter((one) => one.turns > 0);
  if (found.length === 0) return list.replaceChildren(el("p", {}, "There are no earlier conversations yet."));
  list.replaceChildren(el("ul", {}, ...found.map(earlier)));
}

function earlier(one) {
  const pick = () => {
    by("history").hidePopover();
    show(one.id).catch(gone);
  };
  const forget = async () => {
    await call(`/v1/conversations/${one.id}`, { method: "DELETE" });
    item.remove();
    if (one.id === conversation) clear();
  };
  const words = [el("span", {}, one.title), el("small", {}, day(one.created_at.slice(0, 10)))];
  const item = el(
    "li",
    {},
    el("button", { type: "button", class: "pick", onclick: pick }, ...words),
    el("button", { type: "button", class: "quiet", onclick: () => forget().catch(gone), "aria-label": `Delete: ${one.title}` }, "Delete"),
  );
  return item;
}

/* What the customer agrees to */

const CONSENT = "/v1/consents/external_model";

async function readConsent() {
  by("agree").disabled = true;
  const given = await (await call("/v1/consents")).json();
  by("agree").checked = given.some((one) => one.purpose === "external_model" && !(Date.parse(one.until) <= Date.now()));
  by("agree").disabled = false;
}

/** The switch shows what is on record, and not what was wished for. */
async function changeConsent() {
  const wished = by("agree").checked;
  by("consent-problem").hidden = true;
  try {
    await call(CONSENT, { method: wished ? "PUT" : "DELETE" });
  } catch (error) {
    by("agree").checked = !wished;
    by("consent-problem").textContent = error instanceof Refused ? error.message : UNREACHABLE;
    by("consent-problem").hidden = false;
  }
}

/* What is not ready yet */

async function watchModel() {
  const { parts } = await (await fetch("/readyz")).json();
  const missing = parts.find((part) => part.needed && part.state !== "ready");
  const model = parts.find((part) => part.name === "model");
  const words = {
    fetching: `The language model is still being fetched (${model?.percent ?? 0}\u00a0%): everyday questions already work.`,
    starting: "The language model is starting: everyday questions already work.",
    failed: "The language model is not available: everyday questions still work.",
  };
  notice(missing ? `Not everything is ready yet (${missing.name}). Some answers may have to wait.` : (words[model?.state] ?? ""));
  if (missing || model?.state === "fetching" || model?.state === "starting") setTimeout(() => watchModel().catch(gone), READY_MS);
}

/* What the customer does */

by("login").addEventListener("click", () => logIn().catch((error) => welcome(error.message)));
by("logout").addEventListener("click", () => {
  logOut();
  clear();
  welcome();
});
by("new").addEventListener("click", clear);
by("history").addEventListener("beforetoggle", (event) => {
  if (event.newState === "open") listEarlier().catch(gone);
});
by("consent").addEventListener("beforetoggle", (event) => {
  if (event.newState === "open") readConsent().catch(gone);
});
by("agree").addEventListener("change", changeConsent);
for (const scrolled of ["wheel", "touchmove"]) addEventListener(scrolled, () => (following = false), { passive: true });
by("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  send(by("words").value);
});
by("words").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send(by("words").value);
});
by("stop").addEventListener("click", () => {
  if (conversation !== null) call(`/v1/conversations/${conversation}/cancel`, { method: "POST" }).catch(gone);
});
by("suggestions").append(
  ...SUGGESTIONS.map((words) => el("li", {}, el("button", { type: "button", class: "chip", onclick: () => send(words) }, words))),
);

start();

/* One turn on the page: the question, and its answer as the events build it. */

import { chart } from "/chart.js";
import { days, el } from "/dom.js";
import { openPanel } from "/panel.js";
import { call } from "/session.js";
import { receipt, slip } from "/slip.js";

const PLACE = /\{(f[0-9]+)\}/;
// Units of facts that are words: they lead to their rows too, but do not stand out as figures.
const WORDS = new Set(["name", "words", "period", "date"]);

export class Turn {
  /** ask: sends a message as if the customer had typed it. confirm: says yes to what a confirmation event shows. */
  constructor(conversation, message, ask, confirm) {
    this.conversation = conversation;
    this.message = message;
    this.ask = ask;
    this.confirm = confirm;
    this.facts = new Map();
    this.text = el("p", { class: "text" });
    this.status = el("p", { class: "status" }, "Thinking");
    this.answer = el("div", { class: "answer" }, this.text, this.status);
    this.node = el("li", { class: "turn" }, el("p", { class: "question" }, el("span", { class: "unseen" }, "You asked: "), message), this.answer);
  }

  /** Show an event. Unknown types are left out, so that an older page can be served by a newer bank. */
  tell(event) {
    // A stream that was taken up again may run on into a question that was asked elsewhere.
    if (event.turn !== (this.turn ??= event.turn)) return;
    const shown = {
      status: () => this.status.replaceChildren(event.text),
      fact: () => this.facts.set(event.fact.ref, event.fact),
      text: () => this.say(event),
      citation: () => this.add(el("p", { class: "sources" }, `Source: ${event.title}`)),
      chart: () => this.add(chart(event.series)),
      choices: () => this.add(this.choices(event.choices)),
      confirmation: () => this.add(slip(event, this.confirm, () => this.ask("No, cancel that"))),
      receipt: () => receipt(event),
      handover: () => this.add(card("This needs a person", event.reason)),
      done: () => this.end(event),
      feedback: () => this.thought(event.thumb),
      error: () => (event.code === "stopped" ? this.stopped(event.message) : this.fail(event.message)),
    }[event.type];
    shown?.();
  }

  add(node) {
    this.answer.insertBefore(node, this.status);
  }

  say(event) {
    if (this.text.hasChildNodes() && !event.template.startsWith("\n")) this.text.append(" ");
    for (const part of event.template.split(/(\{f[0-9]+\})/)) {
      const fact = this.facts.get(part.match(PLACE)?.[1]);
      this.text.append(fact === undefined ? part : this.figure(fact, event.turn));
    }
  }

  figure(fact, turn) {
    // A page is quoted as it stands: it is for reading, and its source is named below.
    if (fact.unit === "quote") return el("q", { class: "quote" }, fact.shown);
    const plain = WORDS.has(fact.unit) ? " plain" : "";
    const open = (event) => openPanel(this.conversation, turn, fact, event.currentTarget);
    const properties = { type: "button", class: `figure${plain}`, "aria-haspopup": "dialog", "aria-expanded": "false", onclick: open };
    return el("button", { ...properties, title: fact.label }, fact.shown);
  }

  choices(choices) {
    const chips = choices.map((choice) => el("li", {}, el("button", { type: "button", class: "chip", onclick: () => this.ask(choice) }, choice)));
    return el("ul", { class: "chips", "aria-label": "Choose one" }, ...chips);
  }

  end(event) {
    this.status.remove();
    this.node.dataset.outcome = event.outcome;
    const covers = cover(event.scope);
    const ms = Math.max(1, Math.round(event.latency_ms));
    const time = ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
    const how = event.path === "routed" ? `answered directly in ${time}` : `planned by the language model in ${time}`;
    this.answer.append(el("p", { class: "foot" }, covers === "" ? "" : el("span", {}, covers), el("span", { class: "how" }, how)));
    this.answer.append(this.thumbs());
  }

  thumbs() {
    const thumb = (which, words) => {
      const properties = { type: "button", class: "quiet thumb", "aria-pressed": "false", "data-thumb": which, onclick: () => this.rate(which) };
      return el("button", properties, words);
    };
    return el("p", { class: "thumbs", role: "group", "aria-label": "Was this of use?" }, thumb("up", "Helpful"), thumb("down", "Not helpful"));
  }

  async rate(thumb) {
    const body = JSON.stringify({ thumb });
    const path = `/v1/conversations/${this.conversation}/turns/${this.turn}/feedback`;
    try {
      await call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      this.thought(thumb);
    } catch {
      // It stays as it was, and can be pressed again.
    }
  }

  thought(thumb) {
    for (const button of this.answer.querySelectorAll(".thumb")) button.setAttribute("aria-pressed", String(button.dataset.thumb === thumb));
  }

  stopped(message) {
    this.status.remove();
    this.node.dataset.outcome = "stopped";
    this.answer.append(el("p", { class: "foot" }, message), this.again());
  }

  fail(message) {
    this.status.remove();
    this.node.dataset.outcome = "error";
    const failed = card("No answer", message);
    failed.classList.add("failed");
    failed.append(this.again());
    this.answer.append(failed);
  }

  again() {
    return el("button", { type: "button", class: "chip", onclick: () => this.ask(this.message) }, "Ask again");
  }
}

/** What an answer covers, in a line. */
function cover(scope) {
  const left = scope.leaves_out.length > 0 ? `leaves out ${scope.leaves_out.join("; ")}` : "";
  return [days(scope) || scope.period, scope.accounts.join(", "), left].filter(Boolean).join(" · ");
}

function card(title, words) {
  return el("div", { class: "card" }, el("h3", {}, title), el("p", {}, words));
}

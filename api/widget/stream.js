/* Events as they come. A broken connection is taken up again after the last event that was seen. */

import { call, Refused } from "/session.js";

const ATTEMPTS = 6;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Ask, and give each event of the answer to `tell`. Throws Refused when it was not taken. */
export async function ask(conversation, message, tell) {
  await post(conversation, "messages", { message }, tell);
}

/** Say yes to what a confirmation event showed; the rest as with `ask`. */
export async function confirm(conversation, { intent, digest }, tell) {
  await post(conversation, `intents/${intent}/confirmation`, { digest }, tell);
}

async function post(conversation, where, what, tell) {
  const body = JSON.stringify(what);
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const seen = { number: null, ended: false };
  try {
    await read(await call(`/v1/conversations/${conversation}/${where}`, { method: "POST", headers, body }), seen, tell);
  } catch (error) {
    // Without one event we cannot know whether it arrived, so it is not sent twice.
    if (error instanceof Refused || seen.number === null) throw error;
  }
  await follow(conversation, seen, tell);
}

/** Go on after the event numbered `number`, until the turn has ended. */
export async function resume(conversation, number, tell) {
  await follow(conversation, { number, ended: false }, tell);
}

async function follow(conversation, seen, tell) {
  for (let attempt = 0; !seen.ended && attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await sleep(250 * 2 ** attempt);
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(seen.number ?? 0) };
    try {
      const response = await call(`/v1/conversations/${conversation}/events`, { headers });
      if (response.status === 204) break;
      await read(response, seen, tell);
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
  }
  if (!seen.ended) throw new Refused(0, { detail: "The connection was lost. Reload the page to see the answer." });
}

async function read(response, seen, tell) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) take(block, seen, tell);
  }
}

function take(block, seen, tell) {
  const lines = block.split("\n");
  const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  const data = field("data").join("\n");
  if (data === "") return;
  const event = JSON.parse(data);
  seen.number = Number(field("id")[0]);
  // A thumb comes after the end of its turn, and ends nothing.
  if (event.type !== "feedback") seen.ended = event.type === "done" || event.type === "error";
  tell(event);
}

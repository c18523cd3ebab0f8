/* The login: an authorization code with PKCE, refreshed before it ends. It lives in this tab and ends with it. */

import { digest, proof, random } from "/proof.js";

const TOKEN = "counterfoil.token";
const LOGIN = "counterfoil.login";
const ASKED = "counterfoil.asked";
const CALLBACK = "/login/callback";
const ENDED = "Your login has ended. Please log in again.";
// A token that ends this soon is not sent any more: it could end on its way.
const SPARE_MS = 60_000;

let refreshing = null;

/** The request was refused; `problem` is the problem details, as far as there are any, `wanted` what a challenge asks for. */
export class Refused extends Error {
  constructor(status, problem, challenge = "") {
    super(problem.detail ?? "The bank's assistant did not answer as it should.");
    this.status = status;
    this.problem = problem;
    this.wanted = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  }
}

export const loggedIn = () => sessionStorage.getItem(TOKEN) !== null;

/** Forget the login, and let the bank forget it too. */
export function logOut() {
  const held = login();
  sessionStorage.clear();
  if (held !== null) revoke(held.refresh).catch(() => {});
}

async function revoke(token) {
  const identity = await configuration();
  const body = new URLSearchParams({ token, client_id: identity.client_id });
  await fetch(identity.revoke_url, { method: "POST", body, keepalive: true });
}

/** Leave for the bank's login page. */
export async function logIn() {
  await leave({});
}

/**
 * Leave for the login page, where the customer proves again who they are, and come back to here with a login that is good
 * enough. acr: how; maxAge: how long ago it may have been, in seconds, null for at any time in this login.
 */
export async function stepUp(acr, maxAge = null) {
  const wanted = { acr_values: acr };
  if (maxAge !== null) wanted.max_age = String(maxAge);
  const held = login();
  if (held?.identity) wanted.id_token_hint = held.identity;
  await leave(wanted);
}

async function leave(wanted) {
  const identity = await configuration();
  const back = location.pathname === CALLBACK ? "/" : location.pathname + location.search + location.hash;
  const asked = { verifier: random(), state: random(), back };
  sessionStorage.setItem(ASKED, JSON.stringify(asked));
  const where = new URL(identity.authorize_url, location.origin);
  where.search = new URLSearchParams({
    response_type: "code",
    client_id: identity.client_id,
    redirect_uri: location.origin + CALLBACK,
    scope: identity.scope,
    state: asked.state,
    code_challenge: await digest(asked.verifier),
    code_challenge_method: "S256",
    ...wanted,
  });
  location.assign(where);
}

/** Take up what the login page sent back with; false when it did not come from there. Throws Refused. */
export async function comeBack() {
  if (location.pathname !== CALLBACK) return false;
  const answer = new URLSearchParams(location.search);
  const asked = JSON.parse(sessionStorage.getItem(ASKED) ?? "null");
  sessionStorage.removeItem(ASKED);
  history.replaceState(null, "", asked?.back ?? "/");
  if (answer.has("error")) throw new Refused(400, { detail: answer.get("error_description") ?? "The login was not completed." });
  if (asked === null || answer.get("state") !== asked.state) {
    throw new Refused(400, { detail: "That login was not started here. Please log in again." });
  }
  const given = { code: answer.get("code") ?? "", redirect_uri: location.origin + CALLBACK, code_verifier: asked.verifier };
  const before = login();
  if (!(await ask("authorization_code", given))) {
    throw new Refused(400, { detail: "The login could not be completed. Please log in again." });
  }
  // The new login stands in the place of the one that was stepped up from.
  if (before !== null) revoke(before.refresh).catch(() => {});
  return true;
}

/** Ask for tokens and keep them; false when they are refused. */
async function ask(grant, given) {
  const identity = await configuration();
  const body = new URLSearchParams({ grant_type: grant, client_id: identity.client_id, ...given });
  const headers = identity.bound ? { DPoP: await proof("POST", identity.token_url) } : {};
  const response = await fetch(identity.token_url, { method: "POST", body, headers });
  if (!response.ok) return false;
  const told = await response.json();
  const kept = {
    refresh: told.refresh_token,
    identity: told.id_token ?? login()?.identity,
    scheme: told.token_type,
    until: Date.now() + told.expires_in * 1000,
  };
  sessionStorage.setItem(TOKEN, told.access_token);
  sessionStorage.setItem(LOGIN, JSON.stringify(kept));
  return true;
}

function login() {
  return JSON.parse(sessionStorage.getItem(LOGIN) ?? "null");
}

/** See to it that the token lasts for another request; all that is asked at once waits for one refresh. Throws Refused. */
async function refreshed() {
  const held = login();
  if (held === null || Date.now() < held.until - SPARE_MS) return;
  refreshing ??= ask("refresh_token", { refresh_token: held.refresh }).finally(() => { refreshing = null; });
  if (!(await refreshing)) {
    sessionStorage.clear();
    throw new Refused(401, { detail: ENDED });
  }
}

/** Call our API as the customer. Throws Refused; a login that has ended is forgotten first. */
export async function call(path, { headers = {}, ...rest } = {}) {
  await refreshed();
  const token = sessionStorage.getItem(TOKEN);
  const scheme = login()?.scheme ?? "Bearer";
  const shown = { Authorization: `${scheme} ${token}` };
  if (scheme === "DPoP") shown.DPoP = await proof(rest.method ?? "GET", path, token);
  const response = await fetch(path, { ...rest, headers: { ...headers, ...shown } });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  // A login that is not enough for this is still one.
  if (response.status === 401 && problem.code !== "step_up_required") logOut();
  throw new Refused(response.status, problem, response.headers.get("WWW-Authenticate") ?? "");
}

export async function configuration() {
  const response = await fetch("/page.json");
  if (!response.ok) throw new Refused(response.status, {});
  return response.json();
}

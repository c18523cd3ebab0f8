/* The login: an authorization code with PKCE. The token lives in this tab and ends with it. */

const TOKEN = "counterfoil.token";
const ASKED = "counterfoil.asked";
const CALLBACK = "/login/callback";

/** The request was refused; `problem` is the problem details, as far as there are any. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? "The bank's assistant did not answer as it should.");
    this.status = status;
    this.problem = problem;
  }
}

export const loggedIn = () => sessionStorage.getItem(TOKEN) !== null;

export function logOut() {
  sessionStorage.clear();
}

/** Leave for the bank's login page. */
export async function logIn() {
  const identity = await configuration();
  const asked = { verifier: random(), state: random() };
  sessionStorage.setItem(ASKED, JSON.stringify(asked));
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(asked.verifier));
  const where = new URL(identity.authorize_url, location.origin);
  where.search = new URLSearchParams({
    response_type: "code",
    client_id: identity.client_id,
    redirect_uri: location.origin + CALLBACK,
    scope: identity.scope,
    state: asked.state,
    code_challenge: base64url(new Uint8Array(challenge)),
    code_challenge_method: "S256",
  });
  location.assign(where);
}

/** Take up what the login page sent back with; false when it did not come from there. Throws Refused. */
export async function comeBack() {
  if (location.pathname !== CALLBACK) return false;
  const answer = new URLSearchParams(location.search);
  const asked = JSON.parse(sessionStorage.getItem(ASKED) ?? "null");
  sessionStorage.removeItem(ASKED);
  history.replaceState(null, "", "/");
  if (answer.has("error")) throw new Refused(400, { detail: answer.get("error_description") ?? "The login was not completed." });
  if (asked === null || answer.get("state") !== asked.state) {
    throw new Refused(400, { detail: "That login was not started here. Please log in again." });
  }
  const identity = await configuration();
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code: answer.get("code") ?? "",
    client_id: identity.client_id,
    redirect_uri: location.origin + CALLBACK,
    code_verifier: asked.verifier,
  });
  const response = await fetch(identity.token_url, { method: "POST", body });
  if (!response.ok) throw new Refused(response.status, { detail: "The login could not be completed. Please log in again." });
  sessionStorage.setItem(TOKEN, (await response.json()).access_token);
  return true;
}

/** Call our API as the customer. Throws Refused; a login that has ended is forgotten first. */
export async function call(path, { headers = {}, ...rest } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const response = await fetch(path, { ...rest, headers: { ...headers, Authorization: `Bearer ${token}` } });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) logOut();
  throw new Refused(response.status, problem);
}

export async function configuration() {
  const response = await fetch("/page.json");
  if (!response.ok) throw new Refused(response.status, {});
  return response.json();
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

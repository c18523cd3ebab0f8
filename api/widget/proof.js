/* Proofs that this browser has the key which its login is bound to (DPoP, RFC 9449). The key cannot be taken out of it. */

const CURVE = { name: "ECDSA", namedCurve: "P-256" };

/** A proof for one request; `token` is the access token that goes with it, none where one is asked for. */
export async function proof(method, url, token = null) {
  const { privateKey, publicKey } = await pair();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const { origin, pathname } = new URL(url, location.origin);
  const claims = { jti: random(), htm: method, htu: origin + pathname, iat: Math.floor(Date.now() / 1000) };
  if (token !== null) claims.ath = await digest(token);
  const signed = `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } })}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** The key pair of this browser, made when there is none. */
async function pair() {
  const keys = await database();
  const kept = await done(keys.transaction("keys").objectStore("keys").get("login"));
  if (kept !== undefined) return kept;
  const made = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
  await done(keys.transaction("keys", "readwrite").objectStore("keys").put(made, "login"));
  return made;
}

function database() {
  const opening = indexedDB.open("counterfoil", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  return done(opening);
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export async function digest(words) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words))));
}

export function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function encoded(value) {
  return base64url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

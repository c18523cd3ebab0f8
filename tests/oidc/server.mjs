/* An OpenID provider that is not ours, on loopback: our token checks and our exchange are tested against it.
   Says its address on standard output, and ends with standard input. */

import { createServer } from "node:http";
import { generateKeyPair, exportJWK, importJWK, jwtVerify, SignJWT } from "jose";
import Provider, { errors, interactionPolicy } from "oidc-provider";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS = "urn:ietf:params:oauth:token-type:access_token";
const RESOURCE = "https://assistant.example";
const SCOPE = "ReadAccountsDetail ReadBalances WritePayments";
const ALG = "ES256";
const STRONG = "strong";

const jwk = { ...(await exportJWK((await generateKeyPair(ALG, { extractable: true })).privateKey)), alg: ALG, use: "sig", kid: "k1" };
const { d, ...open } = jwk;
const [secretKey, publicKey] = [await importJWK(jwk, ALG), await importJWK(open, ALG)];

const policy = interactionPolicy.base();
policy.remove("consent");
// A login that is not as strong as was asked for is made again.
policy.get("login").checks.add(
  new interactionPolicy.Check("acr_values", "a stronger login is asked for", "login_required", ({ oidc }) =>
    oidc.params.acr_values?.split(" ").includes(STRONG) && oidc.session.acr !== STRONG
      ? interactionPolicy.Check.REQUEST_PROMPT
      : interactionPolicy.Check.NO_NEED_TO_PROMPT,
  ),
);

const resource = { scope: SCOPE, audience: "counterfoil", accessTokenFormat: "jwt", accessTokenTTL: 3600, jwt: { sign: { alg: ALG } } };
const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  jwks: { keys: [jwk] },
  acrValues: ["password", STRONG],
  scopes: ["openid", "offline_access"],
  pkce: { required: () => true },
  cookies: { keys: ["for tests"] },
  interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resource,
    },
  },
  clients: [
    {
      client_id: "counterfoil",
      application_type: "native",
      token_endpoint_auth_method: "none",
      redirect_uris: ["http://127.0.0.1/login/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      id_token_signed_response_alg: ALG,
    },
    {
      client_id: "assistant",
      client_secret: "a secret for tests",
      redirect_uris: [],
      response_types: [],
      grant_types: [EXCHANGE],
      id_token_signed_response_alg: ALG,
    },
  ],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid");
    grant.addResourceScope(RESOURCE, SCOPE);
    await grant.save();
    return grant;
  },
  extraTokenClaims: ({ oidc }) => {
    const { acr, authTime } = oidc.entities.AuthorizationCode ?? {};
    return { acr, auth_time: authTime, may_act: { sub: oidc.params.login_hint === "nobody" ? "nobody" : "assistant" } };
  },
});

provider.registerGrantType(
  EXCHANGE,
  async (ctx) => {
    const { subject_token, subject_token_type, audience, scope = "" } = ctx.oidc.params;
    if (subject_token_type !== ACCESS) throw new errors.InvalidRequest("only access tokens are exchanged");
    let subject;
    try {
      subject = (await jwtVerify(subject_token, publicKey, { issuer, audience: "counterfoil", typ: "at+jwt" })).payload;
    } catch {
      throw new errors.InvalidGrant("the subject token does not do");
    }
    if (subject.may_act?.sub !== ctx.oidc.client.clientId) throw new errors.InvalidGrant("this client may not act for it");
    const [wanted, held] = [scope.split(" "), subject.scope.split(" ")];
    if (!wanted.every((one) => held.includes(one))) throw new errors.InvalidScope("more than the subject token carries", scope);
    const act = { sub: ctx.oidc.client.clientId };
    const claims = { scope, act, acr: subject.acr, auth_time: subject.auth_time, client_id: act.sub };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALG, kid: "k1", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(subject.sub)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime("5m")
      .setJti(crypto.randomUUID())
      .sign(secretKey);
    ctx.body = { access_token: token, issued_token_type: ACCESS, token_type: "Bearer", expires_in: 300, scope };
  },
  ["subject_token", "subject_token_type", "audience", "scope"],
);

const answer = provider.callback();
server.on("request", async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  // Whoever comes here is Amara, and proves it as she is asked to.
  const { params } = await provider.interactionDetails(request, response);
  const acr = params.acr_values?.split(" ")[0] ?? "password";
  await provider.interactionFinished(request, response, { login: { accountId: "amara", acr } });
});

process.stdin.on("end", () => process.exit(0)).resume();
console.log(issuer);

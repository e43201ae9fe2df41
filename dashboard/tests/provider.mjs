// A small OpenID Connect provider with a page to sign in, for the browser's story: discovery, PKCE, and ID tokens signed
// with a key of its own.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

export const CLIENT = "afstand-story";

const base64 = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

const PAGE = (
  hidden,
) => `<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Aanmelden</title></head>
<body><main><h1>Aanmelden</h1><form method="post" action="/login">${hidden}
<label>Naam <input name="user" autofocus></label> <button>Verder</button></form></main></body></html>`;

/**
 * Starts a provider that knows these people, by name, with the values of their claim `groups`, and more claims of some.
 */
export async function provider(people, more = {}) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const granted = new Map();
  let issuer = "";

  const idToken = ({ user, nonce }) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: issuer, aud: CLIENT, sub: user, name: user[0].toUpperCase() + user.slice(1) };
    const times = { iat: now, exp: now + 60, auth_time: now };
    const text = `${base64({ alg: "ES256", kid: "1" })}.${base64({ ...claims, ...times, nonce, groups: people[user], ...more[user] })}`;
    const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  };

  const roads = {
    "GET /.well-known/openid-configuration": () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    }),
    "GET /keys": () => ({
      keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "ES256" }],
    }),
    "GET /authorize": (asked) =>
      PAGE(
        ["state", "nonce", "code_challenge", "redirect_uri"]
          .map((name) => `<input type="hidden" name="${name}" value="${asked.get(name)}">`)
          .join(""),
      ),
    "POST /login": (form) => {
      const code = randomUUID();
      granted.set(code, {
        user: form.get("user"),
        nonce: form.get("nonce"),
        challenge: form.get("code_challenge"),
      });
      const to = new URL(form.get("redirect_uri"));
      to.searchParams.set("code", code);
      to.searchParams.set("state", form.get("state"));
      return to;
    },
    "POST /token": (form) => {
      const grant = granted.get(form.get("code"));
      granted.delete(form.get("code"));
      const proof = createHash("sha256").update(form.get("code_verifier")).digest("base64url");
      if (!grant || !people[grant.user] || proof !== grant.challenge) return null;
      return { access_token: "x", token_type: "Bearer", id_token: idToken(grant) };
    },
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, issuer);
    let body = "";
    for await (const piece of request) body += piece;
    const form = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const answer = roads[`${request.method} ${url.pathname}`]?.(form);
    if (answer instanceof URL) response.writeHead(303, { location: answer.href }).end();
    else if (typeof answer === "string") response.writeHead(200, { "content-type": "text/html" }).end(answer);
    else
      response
        .writeHead(answer ? 200 : 400, { "content-type": "application/json" })
        .end(JSON.stringify(answer ?? { error: "invalid_grant" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${server.address().port}`;
  return {
    issuer,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

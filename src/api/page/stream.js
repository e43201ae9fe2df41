// The line to the service: live events over fetch (an EventSource cannot send the token), and plain reads.

/** Comments come every ten seconds: a line that is silent for longer than two of them is down. */
const DEAD_AFTER_MS = 22_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 10_000];

/** How far this machine's clock is behind the service's, in milliseconds: ages are the service's. */
let clockBehindMs = 0;
export const now = () => Date.now() + clockBehindMs;

function readClock(response) {
  const said = Date.parse(response.headers.get("date") ?? "");
  // The header has whole seconds: smaller differences mean nothing.
  if (said && Math.abs(said - Date.now()) > 1_500) clockBehindMs = said - Date.now();
}

/** Reads JSON; an error has the `status`, 0 when nobody answered. */
export async function read(path, token) {
  let response;
  try {
    const signal = AbortSignal.timeout(12_000);
    response = await fetch(path, { headers: { authorization: `Bearer ${token}` }, signal });
    readClock(response);
    if (response.ok) return await response.json();
  } catch (cause) {
    throw Object.assign(new Error(path, { cause }), { status: 0 });
  }
  throw Object.assign(new Error(path), { status: response.status });
}

/** Follows the live events until `stop` is called. Tells `on.open`, `on.alert(data)`, `on.sign` (any byte),
 *  `on.lost`, `on.anew` when what was told no longer counts, and `on.refused(status)`, after which it does not try again. */
export function follow(token, on) {
  let lastId = "";
  let tries = 0;
  let stopped = false;
  let connection = new AbortController();
  let dead = 0;

  const sign = () => {
    clearTimeout(dead);
    dead = setTimeout(() => connection.abort(), DEAD_AFTER_MS);
    on.sign();
  };

  const block = (lines) => {
    let data = "";
    let type = "message";
    for (const line of lines.split("\n")) {
      const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
      if (name === "id") lastId = value;
      if (name === "event") type = value;
      if (name === "data") data += value;
    }
    if (type === "alert" && data) on.alert(JSON.parse(data));
  };

  const connect = async () => {
    connection = new AbortController();
    dead = setTimeout(() => connection.abort(), DEAD_AFTER_MS);
    const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
    if (lastId) headers["last-event-id"] = lastId;
    const response = await fetch("/v1/live", { headers, signal: connection.signal });
    readClock(response);
    if (response.status === 401 || response.status === 403) {
      stopped = true;
      on.refused(response.status);
      return;
    }
    // An id that the service does not know: it was set back. Begin anew; what is open is read again.
    if (response.status === 400) {
      lastId = "";
      on.anew();
    }
    if (!response.ok) throw new Error(String(response.status));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    on.open();
    tries = 0;
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      sign();
      const blocks = (text + value).split("\n\n");
      text = blocks.pop();
      blocks.forEach(block);
    }
  };

  const keep = async () => {
    while (!stopped) {
      try {
        await connect();
      } catch {
        // Whatever it was, the answer is the same: say so, and try again.
      }
      clearTimeout(dead);
      if (stopped) return;
      on.lost();
      const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)];
      await new Promise((resume) => setTimeout(resume, wait));
    }
  };
  keep();
  return () => {
    stopped = true;
    connection.abort();
  };
}

// The service's time: ages are told by it, not by this machine's clock.

let behindMs = 0;

/** Milliseconds since 1970 by the service's clock. */
export const now = (): number => Date.now() + behindMs;

/** Reads the `Date` of an answer, which has whole seconds: smaller differences mean nothing. */
export function readClock(headers: Headers): void {
  const said = Date.parse(headers.get("date") ?? "");
  if (!Number.isFinite(said)) return;
  const behind = said - Date.now();
  behindMs = Math.abs(behind) > 1_500 ? behind : 0;
}

// Questions to the service: JSON with the token, or with the cookie that the browser sends by itself, and errors one can
// act on.
import { readClock } from "./clock.ts";
import type { Finding } from "./types.ts";

const PATIENCE_MS = 12_000;

/** An answer that is none. `status` is 0 when nobody answered in time. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly problem: Record<string, unknown> = {},
  ) {
    super(title);
  }

  get detail(): string {
    const { detail } = this.problem;
    return typeof detail === "string" ? detail : this.title;
  }

  /** The service has no such endpoint: it is older than this page, or built without it. */
  get notOffered(): boolean {
    return this.status === 405 || (this.status === 404 && !this.problem.detail);
  }
}

/** Fields that cannot be used, and why. What the companion has no use for stands beside the classes: it is not sent it. */
export function fieldsOf({ problem }: Refused): { field: string; problem: string }[] {
  return Array.isArray(problem.errors) ? problem.errors : [];
}

export function findingsOf({ problem }: Refused): Finding[] {
  return Array.isArray(problem.findings) ? problem.findings : [];
}

/** Why somebody looks, as a header: its bytes are UTF-8, one character a byte as browsers want them. */
export function reasonHeader(reason: string): Record<string, string> {
  const said = reason.trim();
  return said ? { "x-reason": String.fromCharCode(...new TextEncoder().encode(said)) } : {};
}

export class Api {
  /** Called when the service does not accept the token or the session (any more), or the session is locked. */
  onDenied: (locked: boolean) => void = () => {};
  /**
   * Of which session this page is, where it is of one. The browser's cookie may be another's by now: somebody has signed in
   * in another tab. Nothing is answered then.
   */
  csrf = "";

  constructor(private token: string) {}

  headers(): Record<string, string> {
    if (this.token) return { authorization: `Bearer ${this.token}` };
    return this.csrf ? { "x-csrf-token": this.csrf } : {};
  }

  read<T>(path: string, init: RequestInit = {}): Promise<T> {
    return this.ask<T>(path, init);
  }

  send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    return this.ask<T>(path, {
      method,
      headers: { ...json, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  private async ask<T>(path: string, init: RequestInit): Promise<T> {
    const by = this.csrf;
    let response: Response;
    try {
      response = await fetch(path, {
        ...init,
        headers: {
          accept: "application/json",
          ...this.headers(),
          ...(init.headers as Record<string, string>),
        },
        signal: init.signal ?? AbortSignal.timeout(PATIENCE_MS),
      });
    } catch (cause) {
      throw new Refused(0, cause instanceof Error ? cause.message : "no answer");
    }
    readClock(response.headers);
    const text = await response.text().catch(() => "");
    let json: unknown;
    try {
      json = text ? JSON.parse(text) : null;
    } catch {
      json = null;
    }
    if (response.ok) return json as T;
    const problem = (json ?? {}) as Record<string, unknown>;
    const kind = String(problem.type).split(":").at(-1);
    // What is answered to a session that was left meanwhile says nothing of this one.
    if (by === this.csrf && (response.status === 401 || kind === "foreign-request"))
      this.onDenied(kind === "locked");
    throw new Refused(
      response.status,
      typeof problem.title === "string" ? problem.title : `${response.status}`,
      problem,
    );
  }
}

/** Every page of a list, or as many as `most` entries. */
export async function everyPage<T>(
  api: Api,
  path: string,
  most = 20_000,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  let cursor = "";
  const joint = path.includes("?") ? "&" : "?";
  while (items.length < most) {
    const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await api.read<{ items: T[]; next: string | null }>(`${path}${joint}limit=500${after}`);
    items.push(...page.items);
    if (!page.next) return { items, more: false };
    cursor = page.next;
  }
  return { items, more: true };
}

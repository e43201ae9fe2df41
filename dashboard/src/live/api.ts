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

  /** Fields that cannot be used, and why. */
  get fields(): { field: string; problem: string }[] {
    const { errors } = this.problem;
    return Array.isArray(errors) ? errors : [];
  }

  get findings(): Finding[] {
    const { findings } = this.problem;
    return Array.isArray(findings) ? findings : [];
  }

  /** The service has no such endpoint: it is older than this page, or built without it. */
  get notOffered(): boolean {
    return this.status === 405 || (this.status === 404 && !this.problem.detail);
  }
}

/** Why somebody looks, as a header: its bytes are UTF-8, one character a byte as browsers want them. */
export function reasonHeader(reason: string): Record<string, string> {
  const said = reason.trim();
  return said ? { "x-reason": String.fromCharCode(...new TextEncoder().encode(said)) } : {};
}

export class Api {
  /** Called when the service does not accept the token or the session (any more), or the session is locked. */
  onDenied: (locked: boolean) => void = () => {};
  /** What a request that changes something has to bring along, where the browser has a session. */
  csrf = "";

  constructor(private token: string) {}

  headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  read<T>(path: string, init: RequestInit = {}): Promise<T> {
    return this.ask<T>(path, init);
  }

  send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    if (this.csrf) json["x-csrf-token"] = this.csrf;
    return this.ask<T>(path, {
      method,
      headers: { ...json, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  /** Every page of a list, or as many as `most` entries. */
  async all<T>(path: string, most = 20_000): Promise<{ items: T[]; more: boolean }> {
    const items: T[] = [];
    let cursor = "";
    const joint = path.includes("?") ? "&" : "?";
    while (items.length < most) {
      const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await this.read<{ items: T[]; next: string | null }>(`${path}${joint}limit=500${after}`);
      items.push(...page.items);
      if (!page.next) return { items, more: false };
      cursor = page.next;
    }
    return { items, more: true };
  }

  private async ask<T>(path: string, init: RequestInit): Promise<T> {
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
    if (response.status === 401) this.onDenied(problem.type === "urn:afstand:problem:locked");
    throw new Refused(
      response.status,
      typeof problem.title === "string" ? problem.title : `${response.status}`,
      problem,
    );
  }
}

// Who is signed in by a cookie, and how people can sign in here.
import { Api, Refused } from "./api.ts";

export interface Session {
  name: string;
  role: string;
  csrf: string;
  locked?: boolean;
  idle_lock_s?: number;
  /** While it is locked: how many alarms are open, and nothing of whom. */
  alarms?: Alarms;
}

export interface Alarms {
  open: number;
  /** Those of them that nobody has taken up. */
  untaken: number;
  /** Warnings that nobody has taken up. */
  warnings: number;
}

/** How people can sign in here, beside a token. */
export interface Ways {
  provider: boolean;
  link: boolean;
}

/** Who is signed in by cookie; nobody after a 401. Throws when the service does not say. */
export async function whoIsIn(): Promise<Session | null> {
  try {
    return await new Api("").read<Session>("/v1/session");
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

/** The ways in; none that is known of when the service does not say. */
export const waysIn = (): Promise<Ways> =>
  new Api("").read<Ways>("/auth/ways").catch(() => ({ provider: false, link: false }));

const AGAIN_MS = 2_000;
export const wait = (): Promise<void> => new Promise((resume) => setTimeout(resume, AGAIN_MS));

/**
 * Ends the session, however long that takes; nobody is told that he is signed out before he is. Where the provider has a
 * place to be signed out there too, the page goes on to it, and is led back.
 */
export async function endSession(api: Pick<Api, "send">): Promise<void> {
  for (;;) {
    try {
      const left = await api.send<{ end_session: string } | undefined>("POST", "/auth/logout");
      if (left?.end_session) location.assign(left.end_session);
      return;
    } catch (error) {
      // It is over, or another's has taken its place in this browser.
      if (error instanceof Refused && [401, 403].includes(error.status)) return;
      await wait();
    }
  }
}

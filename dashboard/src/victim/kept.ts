// Her presses of AWARE that have not arrived yet: they lie on this telephone until the service has answered. Each is of
// one device, and nobody else who opens this page sends it or hears of it. No code is ever among them, and no place but
// that of the press.
import type { Place } from "./places.ts";

export interface Press extends Partial<Place> {
  pressed_at: string;
  test?: boolean;
}

/** Whose presses: the device that she was known by last (empty before the service said it), and the mark of her token. */
export interface Owner {
  token: string;
  device: string;
}

interface Kept extends Press {
  of: Owner;
  /** She signed out since: until she is back nobody is told of it here. */
  left?: boolean;
}

const PRESSES = "companion-presses";
const DEVICE = "companion-device";

/** Of one owner: the first press, for it says when it began, and the newest. */
export const MOST_OF_ONE = 4;
const MOST = 20;

/** A short mark of a token, by which it is known again and from which it cannot be had (FNV-1a, 64 bits). */
export function markOf(token: string): string {
  if (!token) return "";
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(token))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}

/** Whoever the token is of: with the device that the service named, if that was this token's. */
export function ownerOf(token: string): Owner {
  const mark = markOf(token);
  const known = parsed(DEVICE) as Partial<Owner> | null;
  // Of a session nobody knows whose it is before the service says so.
  return { token: mark, device: mark && known?.token === mark ? String(known.device ?? "") : "" };
}

export const rememberOwner = (owner: Owner): void =>
  write(DEVICE, owner.token && owner.device ? owner : null);

/** A session has no token, and a token may be given anew: the device decides where both know it. */
function isOf({ of }: Kept, owner: Owner): boolean {
  if (of.device && owner.device) return of.device === owner.device;
  return of.token !== "" && of.token === owner.token;
}

/** The first and the newest. */
export const bounded = <T>(presses: readonly T[]): T[] =>
  presses.length <= MOST_OF_ONE ? [...presses] : [...presses.slice(0, 1), ...presses.slice(1 - MOST_OF_ONE)];

/** What somebody pressed and what has not arrived, oldest first. */
export const keptPresses = (owner: Owner): Press[] =>
  all()
    .filter((kept) => isOf(kept, owner))
    .map(({ of: _, left: __, ...press }) => press)
    .sort((a, b) => Date.parse(a.pressed_at) - Date.parse(b.pressed_at));

export function keep(owner: Owner, press: Press): void {
  if (!owner.device && !owner.token) return;
  const others = all().filter((kept) => !isOf(kept, owner));
  const before = keptPresses(owner).filter(({ pressed_at }) => pressed_at !== press.pressed_at);
  const hers = bounded([...before, press]).map((one): Kept => ({ ...one, of: owner }));
  write(PRESSES, [...others, ...hers].slice(-MOST));
}

/** It was answered. */
export const drop = (owner: Owner, press: Press): void =>
  write(
    PRESSES,
    all().filter((kept) => !isOf(kept, owner) || kept.pressed_at !== press.pressed_at),
  );

/** She signs out: when she pressed stays until she is back, where she was does not; nor which device is hers. */
export function leaveBehind(): void {
  write(DEVICE, null);
  write(
    PRESSES,
    all().map(({ pressed_at, of }): Kept => ({ pressed_at, of, left: true })),
  );
}

/** Whether a press of somebody who was signed in here waits: her page cannot say so while nobody knows who she is. */
export const waitsForSession = (): boolean => all().some(({ of, left }) => !of.token && !left);

function all(): Kept[] {
  const list = parsed(PRESSES);
  if (!Array.isArray(list)) return [];
  return list.filter(
    (one: Partial<Kept> | null): one is Kept =>
      typeof one?.pressed_at === "string" &&
      typeof one.of?.token === "string" &&
      typeof one.of.device === "string",
  );
}

function parsed(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** A browser that keeps nothing, or has no room left, must not be in the way of a press. */
function write(key: string, value: Owner | readonly Kept[] | null): void {
  try {
    if (value === null || (Array.isArray(value) && value.length === 0)) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It is sent from memory while the page is open.
  }
}

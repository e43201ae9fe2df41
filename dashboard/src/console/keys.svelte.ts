// The keys of the console: remappable, kept on this machine.

export const DEEDS = ["next", "previous", "call", "take", "resolve", "mute", "news"] as const;
export type Deed = (typeof DEEDS)[number];

const USUAL: Record<Deed, string> = {
  next: "j",
  previous: "k",
  call: "b",
  take: "o",
  resolve: "a",
  mute: "m",
  news: "n",
};
const STORE = "keys";

function stored(): Record<Deed, string> {
  try {
    const read = JSON.parse(localStorage.getItem(STORE) ?? "{}") as Partial<Record<Deed, unknown>>;
    const all = DEEDS.map((deed) => [deed, typeof read[deed] === "string" ? read[deed] : USUAL[deed]]);
    return Object.fromEntries(all) as Record<Deed, string>;
  } catch {
    return { ...USUAL };
  }
}

class Keys {
  map = $state(stored());

  /** Gives a key to a deed. A key does one thing: whoever had it gets the other's. */
  set(deed: Deed, key: string): void {
    const other = DEEDS.find((one) => this.map[one] === key);
    const next = { ...this.map, [deed]: key };
    if (other && other !== deed) next[other] = this.map[deed];
    this.map = next;
    localStorage.setItem(STORE, JSON.stringify(next));
  }

  reset(): void {
    this.map = { ...USUAL };
    localStorage.removeItem(STORE);
  }

  /** The deed that a key press asks for; none while somebody writes, or with a key that the browser uses. */
  deedOf(event: KeyboardEvent): Deed | null {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
    const { target } = event;
    const writes =
      target instanceof HTMLElement && target.closest("input:not([type=range]), textarea, select, dialog");
    if (writes) return null;
    return DEEDS.find((deed) => this.map[deed] === event.key.toLowerCase()) ?? null;
  }
}

export const keys = new Keys();

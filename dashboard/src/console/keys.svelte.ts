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

/** Somebody whose field was taken away from under his hands goes on typing: until he pauses for so long. */
const PAUSE_MS = 3_000;

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
  /** The field in which somebody wrote last, and when. */
  private wrote: { field: Element; at: number } | null = null;

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
    const field =
      target instanceof HTMLElement && target.closest("input:not([type=range]), textarea, select, dialog");
    if (field) {
      // Who leaves a form by this key has stopped writing.
      this.wrote = event.key === "Escape" ? null : { field, at: event.timeStamp };
      return null;
    }
    if (this.writesOn(event)) return null;
    const deed = DEEDS.find((one) => this.map[one] === event.key.toLowerCase()) ?? null;
    // A key that is held down goes through the list, and does nothing else again and again.
    return event.repeat && deed !== "next" && deed !== "previous" ? null : deed;
  }

  /** A hand that moved elsewhere does not go on writing. */
  moved(): void {
    this.wrote = null;
  }

  /** Whether what is typed was meant for a field that is gone: its words must do nothing. */
  private writesOn({ target, timeStamp }: KeyboardEvent): boolean {
    const { wrote } = this;
    if (!wrote || wrote.field.isConnected || target !== document.body || timeStamp - wrote.at > PAUSE_MS) {
      this.wrote = null;
      return false;
    }
    wrote.at = timeStamp;
    return true;
  }
}

export const keys = new Keys();

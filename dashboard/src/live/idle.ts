// Whether somebody sits there. Times are the machine's own, in milliseconds.

/** The service is told of keys and pointers this often, at most. */
const SAY_EVERY_MS = 30_000;

export class Idle {
  private seenAt: number;
  private saidAt: number;

  constructor(
    private limitMs: number,
    at: number,
  ) {
    this.seenAt = at;
    this.saidAt = at;
  }

  /** Whether nobody was seen for too long. It stays so: a key that is pressed then does not help. */
  isOver(at: number): boolean {
    return at - this.seenAt >= this.limitMs;
  }

  /** A key or a pointer; whether the service should be told. */
  seen(at: number): boolean {
    if (this.isOver(at)) return false;
    this.seenAt = at;
    if (at - this.saidAt < SAY_EVERY_MS) return false;
    this.saidAt = at;
    return true;
  }
}

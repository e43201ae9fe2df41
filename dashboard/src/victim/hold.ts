// A press that counts only when it lasts: a pocket must not call for help, and trembling hands must be able to.

export const HOLD_MS = 2_000;

/** One button's presses. Time is given. */
export class Hold {
  private since: number | null = null;

  get pressed(): boolean {
    return this.since !== null;
  }

  press(now: number): void {
    this.since ??= now;
  }

  /** From 0 to 1. */
  progress(now: number): number {
    return this.since === null ? 0 : Math.min(1, Math.max(0, (now - this.since) / HOLD_MS));
  }

  /** Lets go; whether it had lasted. */
  release(now: number): boolean {
    const lasted = this.progress(now) >= 1;
    this.since = null;
    return lasted;
  }
}

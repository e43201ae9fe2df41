// What a key asks for reaches whatever part of the page can do it now.
type Wish = "take" | "resolve" | "call" | "close" | "news";

class Wishes {
  private able = new Map<Wish, () => void>();

  /** Says who does it; the function returned takes that back. */
  on(wish: Wish, act: () => void): () => void {
    this.able.set(wish, act);
    return () => {
      if (this.able.get(wish) === act) this.able.delete(wish);
    };
  }

  ask(wish: Wish): void {
    this.able.get(wish)?.();
  }
}

export const wish = new Wishes();

// A map that does not paint more often than somebody needs. Whatever is renewed asks for a picture, and again for every
// tile of it: several a second, of which each costs as much as the first. While nobody moves the map they are gathered.
import { Map as MapLibre, type MapOptions } from "maplibre-gl";

/** Pictures that are asked for while nobody moves the map are at least so far apart. */
const APART_MS = 900;
/** So long after the first piece of news the others are waited for. */
const GATHER_MS = 120;
/** So long after somebody touched the map it is painted as it asks: what is brought into sight has to come. */
const AWAKE_MS = 1_500;

const TOUCHES = ["pointerdown", "touchstart", "wheel", "keydown"] as const;

export class PacedMap extends MapLibre {
  private awakeUntil: number;
  private painted = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: MapOptions) {
    super(options);
    this.awakeUntil = 0;
    this.wake();
    for (const touch of TOUCHES)
      this.getContainer().addEventListener(touch, this.wake, { capture: true, passive: true });
    this.on("move", this.wake);
    this.on("resize", this.wake);
    this.on("render", () => {
      this.painted = performance.now();
    });
    this.once("remove", () => clearTimeout(this.timer));
  }

  /** Paints as it asks for a while: somebody moves the map, or looks at what he does to it. */
  wake = (): void => {
    this.awakeUntil = performance.now() + AWAKE_MS;
    if (this.timer !== undefined) this.paint();
  };

  override triggerRepaint(): void {
    const now = performance.now();
    // While the map is being made there is no time of its own yet.
    const isCalm = now > this.awakeUntil && !this.isMoving();
    if (!isCalm) this.paint();
    else this.timer ??= setTimeout(() => this.paint(), Math.max(GATHER_MS, this.painted + APART_MS - now));
  }

  private paint(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    super.triggerRepaint();
  }
}

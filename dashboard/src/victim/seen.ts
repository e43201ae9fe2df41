// Says when something is truly on the screen: drawn whole, in a page that is in front, for long enough to be noticed.
import type { Attachment } from "svelte/attachments";

const DWELL_MS = 400;

export function seen(tell: () => void): Attachment<HTMLElement> {
  return (element) => {
    let drawn = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const judge = () => {
      clearTimeout(timer);
      if (drawn && document.visibilityState === "visible") timer = setTimeout(tell, DWELL_MS);
    };
    const observer = new IntersectionObserver(
      ([entry]) => {
        drawn = (entry?.intersectionRatio ?? 0) >= 0.95;
        judge();
      },
      { threshold: [0, 0.95, 1] },
    );
    observer.observe(element);
    document.addEventListener("visibilitychange", judge);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      document.removeEventListener("visibilitychange", judge);
    };
  };
}

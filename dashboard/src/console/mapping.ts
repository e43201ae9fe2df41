// What every map of the console is told: how it looks, what its buttons are called, who asks.
import { theme } from "../design/theme.svelte.ts";
import type { Centre } from "../live/centre.svelte.ts";
import type { Beneath, Wishes } from "../map/view.ts";
import { say } from "../words/language.svelte.ts";

export const wishes = (centre: Centre, onBeneath: (beneath: Beneath) => void): Wishes => ({
  theme: theme.name,
  locale: {
    "NavigationControl.ZoomIn": say("map.in"),
    "NavigationControl.ZoomOut": say("map.out"),
    "Map.Title": say("map.title"),
  },
  headers: () => centre.api.headers(),
  onBeneath,
});

// No page of ours is drawn by the service first: Svelte's code for taking such a page over, a switch that it never turns on
// here, is left out of what a telephone fetches.
import type { Plugin } from "vite";

const MODULE = /svelte\/src\/internal\/client\/dom\/hydration\.js$/;
const SETTLED = [
  ["export let hydrating = false;", "export const hydrating = false;"],
  ["hydrating = value;", ""],
] as const;

export function noHydration(): Plugin {
  return {
    name: "no-hydration",
    apply: "build",
    transform(code, id) {
      if (!MODULE.test(id)) return null;
      let settled = code;
      for (const [from, to] of SETTLED) {
        if (settled.split(from).length !== 2) this.error("Svelte's switch for hydration is another one now");
        settled = settled.replace(from, to);
      }
      return { code: settled, map: null };
    },
  };
}

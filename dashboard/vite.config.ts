import { readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type BuildOptions, defineConfig } from "vite";
import { alone } from "./build/alone.ts";
import { compressed } from "./build/compressed.ts";
import { mapWorker } from "./build/map-worker.ts";

/** The victim's page, which must be small. */
const COMPANION = "victim.html";

// Every other page beside this file is an entry: `index.html` is the console.
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".html") && name !== COMPANION);

const build: BuildOptions = {
  target: "es2023",
  // Files are referred to, never written into each other: the content security policy allows no inline code,
  // and the font and the map are fetched once.
  assetsInlineLimit: 0,
  modulePreload: { polyfill: false },
};

export default defineConfig({
  base: "/",
  plugins: [svelte(), mapWorker(), alone(COMPANION, build), compressed()],
  // `npm run dev` beside a running service: `AFSTAND_URL=http://127.0.0.1:8080 npm run dev`.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/tiles", "/openapi.json", "/readyz", "/metrics"].map((path) => [
        path,
        process.env.AFSTAND_URL ?? "http://127.0.0.1:8080",
      ]),
    ),
  },
  worker: { format: "es" },
  build: {
    ...build,
    emptyOutDir: true,
    rolldownOptions: { input: pages },
    chunkSizeWarningLimit: 1_200,
  },
});

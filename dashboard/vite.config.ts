import { readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { compressed } from "./build/compressed.ts";
import { mapWorker } from "./build/map-worker.ts";
import { noHydration } from "./build/no-hydration.ts";

// Every page beside this file is an entry: `index.html` is the console.
const pages = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".html"));
// Each is built by itself: what two pages share would hold what either needs, and a telephone would fetch it all.
const [first = "", ...others] = pages;
const entry = (page: string) => ({ rolldownOptions: { input: page } });

export default defineConfig({
  base: "/",
  plugins: [svelte(), noHydration(), mapWorker((environment) => environment === "client"), compressed()],
  // `npm run dev` beside a running service: `AFSTAND_URL=http://127.0.0.1:8080 npm run dev`.
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/auth", "/tiles", "/openapi.json", "/readyz", "/metrics"].map((path) => [
        path,
        process.env.AFSTAND_URL ?? "http://127.0.0.1:8080",
      ]),
    ),
  },
  worker: { format: "es" },
  environments: Object.fromEntries(
    others.map((page) => [
      page.replace(".html", ""),
      { consumer: "client", build: { ...entry(page), emptyOutDir: false } },
    ]),
  ),
  builder: {
    buildApp: async (builder) => {
      for (const environment of Object.values(builder.environments).filter(({ name }) => name !== "ssr"))
        await builder.build(environment);
    },
  },
  build: {
    target: "es2023",
    // Files are referred to, never written into each other: the content security policy allows no inline code,
    // and the font and the map are fetched once.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    ...entry(first),
    chunkSizeWarningLimit: 1_200,
  },
});

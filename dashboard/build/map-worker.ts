// The map's worker as a chunk of the same bundle: what the map and its worker have in common, which is nearly all of
// it, is fetched once instead of twice. `maplibre-gl` is taken in its readable form for that (the published bundle
// holds everything twice) and minified here.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const NAME = "virtual:map-worker";
const dist = dirname(createRequire(import.meta.url).resolve("maplibre-gl/dist/maplibre-gl.css"));

export function mapWorker(): Plugin {
  let serving = false;
  let chunk = "";
  return {
    name: "map-worker",
    config: () => ({
      resolve: { alias: [{ find: /^maplibre-gl$/, replacement: join(dist, "../src/index.ts") }] },
    }),
    configResolved: (config) => {
      serving = config.command === "serve";
    },
    buildStart() {
      if (serving) return;
      chunk = this.emitFile({ type: "chunk", id: join(dist, "../src/source/worker.ts"), name: "map-worker" });
    },
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) => {
      if (id !== `\0${NAME}`) return null;
      return serving
        ? `import url from "${join(dist, "../src/source/worker.ts")}?worker&url"; export default url;`
        : `export default import.meta.ROLLUP_FILE_URL_${chunk};`;
    },
  };
}

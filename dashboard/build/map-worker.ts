// The map's worker as a chunk of the same bundle: what the map and its worker have in common, which is half of each,
// is fetched once instead of twice. The published bundle of `maplibre-gl` holds everything twice, so it is built from
// the sources that come with it. While one develops the published bundle is used as it is.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const NAME = "virtual:map-worker";
const dist = dirname(createRequire(import.meta.url).resolve("maplibre-gl/dist/maplibre-gl.css"));

/** `shows`: whether the page that is built has a map. */
export function mapWorker(shows: (environment: string) => boolean): Plugin {
  let serving = false;
  let chunk = "";
  return {
    name: "map-worker",
    config: (_, { command }) =>
      command === "serve"
        ? {}
        : {
            resolve: { alias: [{ find: /^maplibre-gl$/, replacement: join(dist, "../src/index.ts") }] },
            // As its own build does: a field that is only declared does not hide what a base class has set.
            oxc: {
              assumptions: { setPublicClassFields: true },
              typescript: { removeClassFieldsWithoutInitializer: true },
            },
          },
    configResolved: (config) => {
      serving = config.command === "serve";
    },
    buildStart() {
      if (serving || !shows(this.environment.name)) return;
      chunk = this.emitFile({ type: "chunk", id: join(dist, "../src/source/worker.ts"), name: "map-worker" });
    },
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) => {
      if (id !== `\0${NAME}`) return null;
      return serving
        ? `import url from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url"; export default url;`
        : `export default import.meta.ROLLUP_FILE_URL_${chunk};`;
    },
  };
}

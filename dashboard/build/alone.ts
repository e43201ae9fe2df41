// Bundles a page by itself, into the same folder. In one bundle with another page it would carry all that the other uses
// of the libraries they share: 3 kB of the companion's 40 were the console's.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, type Plugin, type UserConfig } from "vite";

/** How it is built; what is written there already stays. */
export function alone(page: string, base: UserConfig["build"]): Plugin {
  let outDir = "";
  return {
    name: "alone",
    apply: "build",
    configResolved: (config) => {
      outDir = config.build.outDir;
    },
    closeBundle: {
      // Whoever looks at what was built looks at this too.
      order: "pre",
      sequential: true,
      handler: async () => {
        await build({
          configFile: false,
          root: `${import.meta.dirname}/..`,
          base: "/",
          logLevel: "warn",
          plugins: [svelte()],
          build: {
            ...base,
            outDir,
            emptyOutDir: false,
            copyPublicDir: false,
            rolldownOptions: { input: [page] },
          },
        });
      },
    },
  };
}

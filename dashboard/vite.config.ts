import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** The packages that end up in the bundle, whose licences have to go with it. */
const BUNDLED = ["echarts", "preact", "tslib", "zrender"];
const LICENCES = ["LICENSE", "LICENSE.txt", "CopyrightNotice.txt"];
const FOLDER = "../src/tachograph/server/dashboard";

function noticesOf(name: string): string {
  const folder = new URL(`./node_modules/${name}/`, import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
    version: string;
  };
  const texts = [...LICENCES, "NOTICE"].flatMap((file) => {
    try {
      return [readFileSync(new URL(file, folder), "utf8").trim()];
    } catch {
      return [];
    }
  });
  if (texts.length === 0) throw new Error(`${name} has no licence`);
  return [`${name} ${version}`, "=".repeat(60), ...texts].join("\n\n");
}

/** Writes the licences of what is bundled beside the bundle; fails where something else is bundled. */
function notices(): Plugin {
  return {
    name: "notices",
    generateBundle(_, bundle) {
      const used = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.type === "chunk" ? Object.keys(chunk.modules) : []) {
          const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
          if (found?.[1]) used.add(found[1]);
        }
      }
      const unknown = [...used].filter((name) => !BUNDLED.includes(name));
      if (unknown.length > 0) throw new Error(`add the licences of ${unknown.join(", ")}`);
      const source = `${BUNDLED.filter((name) => used.has(name))
        .map(noticesOf)
        .join("\n\n\n")}\n`;
      this.emitFile({ type: "asset", fileName: "licences.txt", source });
    },
  };
}

export default defineConfig({
  base: "./",
  build: {
    outDir: FOLDER,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  plugins: [notices()],
});

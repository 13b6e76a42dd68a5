/**
 * Builds what the pages run: node web/build.mjs FOLDER
 *
 * Bundles web/src into FOLDER, and copies the third-party files that the site serves. If FOLDER holds the library's
 * wheel, files/ (what chapters read) and packages/ (what tools/book/live_runtime.py fetched), config.json names them.
 */

import { build } from "esbuild";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const CORE = ["pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];
const MADE = /^(live|worker|editor|figures-page|chunk)[\w-]*\.(js|css)$/;

const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));
const filesIn = async (folder) => (existsSync(folder) ? (await readdir(folder)).sort() : []);

/** All files below a folder, as paths from it. */
async function filesBelow(folder) {
  const found = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  return found.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Copy files of an npm package, in place of those that were there. */
async function copyInto(folder, source, files) {
  await rm(folder, { recursive: true, force: true });
  for (const file of files) await cp(join(source, file), join(folder, file)); // makes the folders that it needs
}

/** Bundle the programs; return the names of the npm packages that went into them. */
async function bundle(out) {
  for (const file of await filesIn(out)) if (MADE.test(file)) await rm(join(out, file));
  const result = await build({
    entryPoints: ["live.js", "worker.js", "figures-page.js"].map((file) => join(HERE, "src", file)),
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    legalComments: "none", // THIRD-PARTY.txt has them whole
    chunkNames: "[name]-[hash]",
    loader: { ".py": "text" },
    logLevel: "info", // tells what is made, and how large it is
  });
  const inputs = Object.keys(result.metafile.inputs);
  return new Set(inputs.map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
}

/** The files of a package and of all that it needs. */
function filesOf(packages, name, found = new Set()) {
  const entry = packages[name.toLowerCase()];
  if (!found.has(entry.file_name)) {
    found.add(entry.file_name);
    entry.depends.forEach((need) => filesOf(packages, need, found));
  }
  return [...found];
}

/** Where Python, the library and the packages come from, for the page to read before its first Run. */
async function config(out) {
  const list = await readJson(join(MODULES, "pyodide", "pyodide-lock.json"));
  const { sizes } = await readJson(join(HERE, "packages.json"));
  const core = {};
  for (const file of CORE) {
    core[file] = (await stat(join(out, "pyodide", file))).size;
  }
  const wheels = (await filesIn(out)).filter((file) => file.endsWith(".whl"));
  if (wheels.length > 1) throw new Error(`${out} holds ${wheels.length} wheels of the library: leave one there.`);
  const here = new Set(await filesIn(join(out, "packages")));
  const local = Object.keys(sizes).every((file) => here.has(file));
  const version = list.info.version;
  const imports = {}; // for each name, the files that it takes
  for (const entry of Object.values(list.packages).filter(({ file_name: file }) => file in sizes)) {
    for (const name of entry.imports) if (!name.includes(".")) imports[name] = filesOf(list.packages, entry.name);
  }
  return {
    python: version,
    wheel: wheels[0] ?? null,
    core,
    files: (await filesBelow(join(out, "files"))).map((path) => ({ address: `files/${path}`, path })),
    packages: {
      base: local ? "packages/" : `https://cdn.jsdelivr.net/pyodide/v${version}/full/`,
      foreign: !local,
      files: sizes,
      imports,
    },
  };
}

/** The licences of everything that the site ships, whole. */
async function licences(names) {
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = join(MODULES, name);
    const about = await readJson(join(folder, "package.json"));
    const file = (await filesIn(folder)).find((each) => /^(licen[cs]e|copying)/i.test(each));
    const own = join(HERE, "licences", `${name.replace("/", "-")}.txt`); // of a package that ships none
    const source = file ? join(folder, file) : own;
    if (!existsSync(source)) throw new Error(`${name} has no licence file: put its text into ${relative(HERE, own)}.`);
    const text = await readFile(source, "utf8");
    const title = `${name} ${about.version}, ${about.license}, ${about.homepage ?? ""}`;
    parts.push(`${"=".repeat(80)}\n${title}\n\n${text.trim()}\n`);
  }
  return parts.join("\n");
}

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("Name the folder to build into: node web/build.mjs FOLDER");
  process.exit(2);
}
const out = resolve(folder);
await mkdir(out, { recursive: true });
const bundled = await bundle(out);
await copyInto(join(out, "pyodide"), join(MODULES, "pyodide"), CORE);
const katex = join(MODULES, "katex", "dist");
const fonts = (await filesIn(join(katex, "fonts"))).filter((file) => file.endsWith(".woff2"));
await copyInto(join(out, "katex"), katex, ["katex.min.css", ...fonts.map((file) => `fonts/${file}`)]);
await writeFile(join(out, "THIRD-PARTY.txt"), await licences(new Set([...bundled, "pyodide", "katex"])));
await writeFile(join(out, "config.json"), `${JSON.stringify(await config(out), null, 1)}\n`);

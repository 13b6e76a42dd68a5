/**
 * The page's Python: Pyodide in a worker of its own, so that the page stays responsive and can end it.
 *
 * It takes {type: "start" | "run" | "change"} and posts {type: "progress" | "ready" | "output" | "done" | "fatal"}.
 */

import pageCells from "./python/page_cells.py";
import pageBackend from "./python/page_backend.py";
import pageWidgets from "./python/ipywidgets.py";
import ipython from "./python/IPython/__init__.py";
import ipythonDisplay from "./python/IPython/display.py";
import { Packages } from "./packages.js";

const SOURCES = {
  "page_cells.py": pageCells,
  "page_backend.py": pageBackend,
  "ipywidgets.py": pageWidgets,
  "IPython/__init__.py": ipython,
  "IPython/display.py": ipythonDisplay,
};
const SITE_PACKAGES = "/lib/python3.12/site-packages";

const post = (type, rest = {}) => self.postMessage({ type, ...rest });

let python; // {cells, widgets, packages, py} once it has started
let chain = Promise.resolve(); // one thing after the other

/** Tell what has come of a file, in bytes as they are when unpacked: how a host packs them, nobody knows before. */
const told = (file, loaded) => post("progress", { phase: "loading", file, loaded });
/** Tell that nothing runs until these files are here and unpacked. */
const waiting = (files) => post("progress", { phase: "waiting", files });

/** A response that tells what has come of it. */
function counted(response, file) {
  let loaded = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      told(file, (loaded += chunk.byteLength));
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), response);
}

/** Count what `fetch` brings of Pyodide's own files, which are downloaded behind our back. */
function watchFetch(base, files) {
  const real = self.fetch;
  const coming = new Set(files); // each file is counted once
  self.fetch = async (request, options) => {
    const response = await real(request, options);
    const file = String(request?.url ?? request).replace(base, "");
    return coming.delete(file) && response.body ? counted(response, file) : response;
  };
}

/** Start Python, and begin to fetch what the waiting cells import. */
async function start({ config, base, allowed, imports, interrupt }) {
  const core = new URL("pyodide/", base).href;
  watchFetch(core, Object.keys(config.core));
  const get = async (address) => {
    const answer = await fetch(new URL(address, base));
    if (!answer.ok) throw new Error(`${address}: the server answered ${answer.status}`);
    return answer;
  };
  const listed = get("pyodide/pyodide-lock.json").then((answer) => answer.json());
  const wheel = get(config.wheel).then((answer) => answer.arrayBuffer());
  const files = Promise.all(
    config.files.map(async ({ address, path }) => [path, await (await get(address)).arrayBuffer()]),
  );
  for (const coming of [listed, wheel, files]) coming.catch(() => {}); // told where it is waited for
  const program = async (file) => {
    const module = await import(/* @vite-ignore */ core + file);
    told(file, config.core[file]); // a program is not counted while it comes
    return module;
  };
  program("pyodide.asm.js").catch(() => {}); // Pyodide will ask for it, too
  const { loadPyodide } = await program("pyodide.mjs");
  const source = { ...config.packages, base: new URL(config.packages.base, base).href };
  const packages = new Packages((await listed).packages, source, { counted, told, waiting });
  packages.allowed ||= allowed;
  const starting = loadPyodide({ indexURL: core, env: { HOME: "/book" } });
  packages.fetch(packages.behind(imports));
  const py = await starting;
  py._api.on_fatal = (error) => post("fatal", { message: String(error?.message ?? error) });
  py.unpackArchive(await wheel, "whl", { extractDir: SITE_PACKAGES });
  write(py, SITE_PACKAGES, Object.entries(SOURCES));
  packages.attach(py);
  write(py, "/book", (await files).map(([path, content]) => [path, new Uint8Array(content)]));
  const cells = py.pyimport("page_cells");
  cells.start(
    (place, kind, data) => post("output", { place, kind, data }),
    (module) => {
      const answer = packages.provide(module);
      if (answer !== null) post("progress", { phase: "running" });
      return answer;
    },
  );
  if (interrupt) py.setInterruptBuffer(interrupt);
  python = { py, cells, packages };
}

/** Write files into Python's file system. */
function write(py, folder, files) {
  for (const [path, content] of files) {
    const whole = `${folder}/${path}`;
    py.FS.mkdirTree(whole.slice(0, whole.lastIndexOf("/")));
    py.FS.writeFile(whole, content);
  }
}

/** Run a cell, after loading what it imports. */
async function run({ place, count, code, allowed }) {
  const { cells, packages } = python;
  packages.allowed ||= allowed;
  const needed = packages.behind(cells.imports(code).split(","));
  if (needed.length || packages.coming.size) {
    await packages.load(needed);
    post("progress", { phase: "running" });
  }
  return await cells.run(place, count, code);
}

const ANSWERS = {
  async start(message) {
    await start(message);
    post("ready");
  },
  async run(message) {
    let failed;
    try {
      failed = await run(message);
    } catch (error) {
      failed = error.name; // LoadError, for one
      post("output", { place: message.place, kind: "error", data: error.message });
    }
    post("done", { place: message.place, failed });
  },
  async change({ place, values }) {
    const known = python.py.pyimport("ipywidgets").changed(place, JSON.stringify(values));
    post("done", { place, failed: known ? "" : "gone" });
  },
};

self.onmessage = ({ data }) => {
  chain = chain.then(async () => {
    try {
      await ANSWERS[data.type](data);
    } catch (error) {
      post("fatal", { message: String(error?.message ?? error), starting: !python });
    }
  });
};

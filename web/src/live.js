/**
 * Live cells: each code cell of a page runs in the page, in one Python that they share.
 *
 * Nothing is loaded before the first Run.
 */

import "./live.css";
import { Bar, ask } from "./bar.js";
import { Cell, button } from "./cell.js";
import { showControls } from "./controls.js";
import { Edits } from "./edits.js";
import { make } from "./outputs.js";
import { Python } from "./python.js";

const BASE = new URL(".", import.meta.url).href; // …/_static/live/
const SITE = new URL("../../", BASE);
const LONG = 500; // milliseconds after which a control's function is said to run
const AGREED = "micrograd_numpy:packages-from";

/** The packages that code imports, roughly: enough to know what to ask and what to fetch early. @param {string} code */
const importsOf = (code) => [...code.matchAll(/^[ \t]*(?:from|import)[ \t]+(\w+)/gm)].map((match) => match[1]);
/** Those that it imports when it runs, not when a function in it is called. @param {string} code */
const importsAtOnce = (code) => [...code.matchAll(/^(?:from|import)[ \t]+(\w+)/gm)].map((match) => match[1]);

class Page {
  constructor() {
    this.edits = new Edits(location.pathname.slice(SITE.pathname.length), () => this.cells.forEach((cell) => cell.recall()));
    this.help = "live-help";
    this.count = 0;
    /** What is being loaded: for each file, its bytes so far, and all. @type {Map<string, [number, number]>} */
    this.loading = new Map();
    this.waits = false; // whether it is waited for
    this.turn = 0; // what waits is dropped when this changes
    this.queue = Promise.resolve();
    /** The cells that ran in this Python, in order, each with its code. @type {[Cell, string][]} */
    this.history = [];
    /** @type {Map<string, import("./outputs.js").Outputs>} */ this.results = new Map();
    const elements = [...document.querySelectorAll("div.cell:not(.tag_no-live)")];
    this.cells = elements
      .filter((element) => element.querySelector(".cell_input pre"))
      .map((element, i) => new Cell(element, i + 1, this));
    this.bar = new Bar({ stop: () => this.stop(), runAll: () => this.runTo(this.cells.at(-1)), reset: () => this.reset() });
    document.body.append(
      this.bar.element,
      make("p", {
        id: this.help,
        hidden: true,
        textContent: "Shift and Enter run the cell. Tab indents; press Escape, then Tab, to leave the editor.",
      }),
    );
    this.addRunAll();
    this.recallEdits();
  }

  get runnable() {
    return this.cells.filter((cell) => !cell.needsTorch);
  }

  addRunAll() {
    const all = button("run", "Run all", "Run all cells of this page", () => this.runTo(this.cells.at(-1)));
    all.classList.add("live-run-all");
    const header = document.querySelector(".article-header-buttons");
    if (header) header.prepend(all);
    else this.cells[0].element.before(all);
  }

  /** Show the edits that the reader made before; those of code that has changed since are handed back. */
  recallEdits() {
    const marks = this.cells.map((cell) => cell.mark);
    this.cells.forEach((cell) => cell.recall());
    const lost = this.edits.lost(marks);
    if (!lost.length) return;
    const texts = lost.map((one) => this.edits.get(one));
    const forget = make("button", { type: "button", className: "live-plain", textContent: "Forget them" });
    const box = make(
      "details",
      { className: "live-lost" },
      make("summary", { textContent: "The code of this page has changed since you edited it: your versions" }),
      ...texts.map((text) => make("pre", { textContent: text, tabIndex: 0 })),
      forget,
    );
    forget.addEventListener("click", () => {
      lost.forEach((one) => this.edits.set(one));
      box.remove();
    });
    this.cells[0].element.before(box);
  }

  /** Run all cells from the top to one; those that have just run so, one after the other, are not run again. */
  runTo(target) {
    const upTo = this.runnable.filter((cell) => cell.number <= target.number);
    const isPrefix =
      this.history.length < upTo.length && this.history.every(([cell, code], i) => cell === upTo[i] && code === cell.code);
    const skipped = this.cells.filter((cell) => cell.needsTorch && cell.number <= target.number);
    skipped.forEach((cell) => (cell.state = "skipped"));
    return this.run(isPrefix ? upTo.slice(this.history.length) : upTo);
  }

  /** Run cells, one after the other, until one fails. @param {Cell[]} cells */
  run(cells) {
    cells = cells.filter((cell) => cell.state !== "waiting" && cell.state !== "running");
    cells.forEach((cell) => {
      cell.before = cell.state; // for those that are not reached
      cell.state = "waiting";
    });
    const turn = this.turn;
    this.queue = this.queue.then(() => this.work(cells, turn)).catch((error) => this.bar.say(`This went wrong: ${error.message}`));
    return this.queue;
  }

  async work(cells, turn) {
    const rest = new Set(cells);
    try {
      if (turn !== this.turn || !(await this.ready(cells)) || turn !== this.turn) return;
      for (const [i, cell] of cells.entries()) {
        this.tellRunning = () => {
          this.bar.say(cells.length > 1 ? `Running ${cells.length} cells` : `Running cell ${cell.number}`, { busy: true });
          if (cells.length > 1) this.bar.detail(`cell ${cell.number}, ${i + 1} of ${cells.length}`, i / cells.length);
        };
        this.tellRunning();
        rest.delete(cell);
        const failed = await this.runOne(cell);
        if (turn !== this.turn) return;
        if (failed) {
          const why = failed === "LoadError" ? "did not run: what it needs could not be loaded" : `ended with ${failed}`;
          this.bar.say(`Cell ${cell.number} ${why}`, { link: cell.element });
          return;
        }
      }
      this.bar.say("Done");
    } finally {
      rest.forEach((cell) => (cell.state = cell.before));
    }
  }

  async runOne(cell) {
    const { python } = this;
    const count = ++this.count;
    const code = cell.code;
    cell.begin();
    this.current = cell;
    const failed = await python.ask({ type: "run", place: cell.place, count, code, allowed: this.allowed });
    this.current = null;
    this.waits = false;
    cell.end(failed, count);
    if (failed === "crashed" || failed === "stopped") return failed;
    if (failed) this.history.push([cell, `${code}\n# failed`]);
    else this.history.push([cell, code]);
    if (failed === "NameError" && this.runnable.some((one) => one.number < cell.number && !this.history.some(([ran]) => ran === one))) {
      const again = make("button", { type: "button", className: "live-plain", textContent: "Run to here" });
      again.addEventListener("click", () => this.runTo(cell));
      cell.note("Cells above have not run yet. ", again);
    }
    return failed;
  }

  /** Have Python ready, or tell why it is not. @param {Cell[]} cells what is to run */
  async ready(cells) {
    try {
      this.config ??= await this.loadConfig();
      if (!(await this.agree(cells))) return false;
      if (this.python) return true;
      // One cell may define what is never called; of several, a later one calls it.
      await this.startPython(cells.flatMap((cell) => (cells.length > 1 ? importsOf : importsAtOnce)(cell.code)));
      return true;
    } catch (error) {
      this.python?.end();
      this.python = null;
      if (error.message !== "stopped") this.bar.say(`Python did not start (${error.message}). Look at the connection, and press Run again.`);
      return false;
    }
  }

  async loadConfig() {
    this.bar.say("Starting", { busy: true });
    const answer = await fetch(new URL("config.json", BASE));
    if (!answer.ok) throw new Error(`config.json: the server answered ${answer.status}`);
    return answer.json();
  }

  async startPython(imports) {
    const python = new Python(BASE, {
      progress: (event) => this.progress(event),
      output: (place, kind, data) => this.output(place, kind, data),
      crashed: (why) => this.crashed(why),
    });
    this.python = python;
    this.history = [];
    this.count = 0;
    const { core, packages } = this.config;
    const needed = this.allowed || !packages.foreign ? imports.filter((name) => name in packages.imports) : [];
    const files = { ...core };
    for (const file of needed.flatMap((name) => packages.imports[name])) files[file] = packages.files[file];
    this.loading = new Map(Object.entries(files).map(([file, size]) => [file, [0, size]]));
    this.loadingWhat = list(["Python", ...new Set(needed)]);
    this.waits = true;
    this.tellLoading();
    try {
      await python.start({ config: this.config, allowed: this.allowed, imports });
    } finally {
      this.waits = false;
    }
  }

  /** Ask before the first Run whether packages may come from another host. True if the cells can run. */
  async agree(cells) {
    const { base, foreign, imports, files } = this.config.packages;
    if (!foreign || this.allowed) return true;
    if (recall(AGREED) === base) return (this.allowed = true);
    const needs = (some) => Object.keys(imports).filter((name) => some.some((cell) => importsOf(cell.code).includes(name)));
    const asked = this.asked ? needs(cells) : needs(this.runnable);
    if (!asked.length) return true;
    this.asked = true;
    const host = new URL(base).host;
    const isNeeded = needs(cells).length > 0;
    const size = [...new Set(asked.flatMap((name) => imports[name]))].reduce((sum, file) => sum + files[file], 0);
    this.allowed = await ask(
      `Load packages from ${host}?`,
      `Code on this page uses ${list(asked)}. This site has no copy: your browser would load ${megabytes(size)} MB, once, from ${host}, ` +
        "the public server of the Pyodide project, which then sees your address. Python itself and this book's library come from this site.",
      "Load",
      isNeeded ? "Do not run" : "Run without",
    );
    if (this.allowed) remember(AGREED, base);
    else if (isNeeded) this.bar.say("Not run");
    return this.allowed || !isNeeded;
  }

  /** @param {{phase: "loading" | "waiting" | "running", file?: string, loaded?: number, files?: string[]}} event */
  progress({ phase, file, loaded, files }) {
    if (phase === "running") {
      this.waits = false;
      if (this.current) this.tellRunning();
    } else if (phase === "waiting") {
      this.waits = true;
      const more = files.filter((one) => !this.loading.has(one));
      if (more.length && this.isLoaded) {
        this.loading.clear(); // another load, with a total of its own
        this.loadingWhat = "packages";
      }
      for (const one of more) this.loading.set(one, [0, this.config.packages.files[one] ?? 0]);
    } else if (this.loading.has(file)) {
      this.loading.get(file)[0] = loaded;
    }
    if (this.waits) this.tellLoading();
  }

  get isLoaded() {
    return [...this.loading.values()].every(([loaded, size]) => loaded >= size);
  }

  /** Say how much is loaded, from the first byte on, and what is done with it once all is here. */
  tellLoading() {
    const sum = (which) => [...this.loading.values()].reduce((bytes, each) => bytes + each[which], 0);
    const [loaded, all] = [sum(0), sum(1)];
    const total = `${megabytes(all)} MB`;
    if (this.isLoaded) this.bar.say(this.python?.isReady ? "Unpacking packages" : "Starting Python", { busy: true });
    else {
      this.bar.say(`Loading ${this.loadingWhat}, ${total}`, { busy: true });
      this.bar.detail(`${megabytes(loaded)} of ${total}`, loaded / all);
    }
  }

  output(place, kind, data) {
    const cell = this.cells.find((one) => one.place === place);
    if (cell) cell.add(kind, data);
    else if (kind === "controls") this.addControls(this.results.get(place).element, JSON.parse(data));
    else this.results.get(place)?.add(kind, data);
  }

  addControls(parent, spec) {
    const { python } = this;
    const send = async (place, values) => {
      if (python !== this.python) return false;
      const tell = setTimeout(() => this.bar.say("Running", { busy: true }), LONG);
      const failed = await python.ask({ type: "change", place, values });
      clearTimeout(tell);
      if (!failed && !this.current && this.bar.isBusy) this.bar.say("Done");
      return !failed;
    };
    this.results.set(spec.place, showControls(parent, spec, send));
  }

  /** Stop what runs and what waits. */
  async stop() {
    this.turn++;
    if (!this.python) return this.bar.say("Stopped");
    if (await this.python.stop()) return this.bar.say("Stopped. Variables are as they were then.");
    const cell = this.current;
    this.end();
    cell?.note("Stopped. Python had to be ended, so all variables are gone.");
    this.bar.say("Stopped. Python was ended, so all variables are gone: “Run to here” makes them again.");
  }

  crashed(why) {
    this.turn++;
    const cell = this.current;
    this.python = null;
    cell?.note(`Python crashed here (${why.trim().split("\n")[0]}). It was started again, and all variables are gone.`);
    const said = "Python crashed and was started again. All variables are gone: “Run to here” makes them again.";
    this.queue = this.queue
      .then(() => this.startPython([]))
      .then(() => this.bar.say(said))
      .catch(() => this.bar.say("Python crashed. Press Run to start it again."));
  }

  /** End Python, and what it knew. */
  end() {
    this.turn++;
    this.python?.end();
    this.python = null;
    this.history = [];
  }

  /** Give the page back as it was printed. */
  async reset() {
    const edited = this.cells.filter((cell) => cell.isEdited).length;
    if (edited) {
      const what = edited > 1 ? `your edits of ${edited} cells` : "your edit of one cell";
      if (!(await ask("Reset this page?", `This forgets ${what}, ends Python and puts the printed code and outputs back.`, "Reset", "Keep"))) return;
    }
    this.end();
    await this.queue;
    this.cells.forEach((cell) => {
      cell.state = "";
      cell.revert();
    });
    this.bar.hide();
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
const list = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]);

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // no storage: the reader is asked on each page
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // likewise
  }
}

if (document.querySelector("div.cell:not(.tag_no-live) .cell_input pre")) new Page();

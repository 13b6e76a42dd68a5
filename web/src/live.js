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
import { Kernel } from "./kernel.js";
import { make } from "./outputs.js";

const BASE = new URL(".", import.meta.url).href; // …/_static/live/
const SITE = new URL("../../", BASE);
const LONG = 500; // milliseconds after which a control's function is said to run
const HELP = "Shift and Enter run the cell. Tab indents; press Escape, then Tab, to leave the editor.";

/** What the reader wrote for code that has changed since: to read, to copy, or to forget. @param {string[]} texts */
function lostEdits(texts, forget) {
  const button = make("button", { type: "button", className: "live-plain", textContent: "Forget them" });
  const says = "The code of this page has changed since you edited it: your versions";
  const printed = texts.map((text) => make("pre", { textContent: text, tabIndex: 0 }));
  const box = make("details", { className: "live-lost" }, make("summary", { textContent: says }), ...printed, button);
  button.addEventListener("click", () => {
    forget();
    box.remove();
  });
  return box;
}

class Page {
  constructor() {
    const path = location.pathname.slice(SITE.pathname.length);
    this.edits = new Edits(path, () => this.cells.forEach((cell) => cell.recall()));
    this.help = "live-help";
    this.count = 0;
    this.turn = 0; // what waits is dropped when this changes
    this.queue = Promise.resolve();
    /** The cells that ran in this Python, in order, each with its code. @type {[Cell, string][]} */
    this.history = [];
    /** @type {Map<string, import("./outputs.js").Outputs>} */ this.results = new Map();
    const elements = [...document.querySelectorAll("div.cell:not(.tag_no-live)")];
    this.cells = elements
      .filter((element) => element.querySelector(".cell_input pre"))
      .map((element, i) => new Cell(element, i + 1, this));
    const runAll = () => this.runTo(this.cells.at(-1));
    this.allName = `Run all ${this.runnable.length} cells of this page`;
    this.bar = new Bar({ stop: () => this.stop(), runAll, reset: () => this.reset() }, this.allName);
    this.kernel = new Kernel(BASE, this.bar, {
      started: () => this.forget(),
      running: () => this.current && this.tellRunning(),
      output: (place, kind, data) => this.output(place, kind, data),
      crashed: (why) => this.crashed(why),
    });
    document.body.append(this.bar.element, make("p", { id: this.help, hidden: true, textContent: HELP }));
    this.addRunAll(runAll);
    this.recallEdits();
  }

  get runnable() {
    return this.cells.filter((cell) => !cell.needsTorch);
  }

  addRunAll(runAll) {
    const all = button("run", "Run all", this.allName, runAll);
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
    this.cells[0].element.before(lostEdits(texts, () => lost.forEach((one) => this.edits.set(one))));
  }

  /** Run all cells from the top to one; those that have just run so, one after the other, are not run again. */
  runTo(target) {
    const upTo = this.runnable.filter((cell) => cell.number <= target.number);
    const isSame = ([cell, code], i) => cell === upTo[i] && code === cell.code;
    const isPrefix = this.history.length < upTo.length && this.history.every(isSame);
    const skipped = this.cells.filter((cell) => cell.needsTorch && cell.number <= target.number);
    skipped.forEach((cell) => (cell.state = "skipped"));
    return this.run(isPrefix ? upTo.slice(this.history.length) : upTo);
  }

  /** Run cells, one after the other, until one fails. @param {Cell[]} cells */
  run(cells) {
    cells = cells.filter((cell) => !cell.isBusy);
    cells.forEach((cell) => {
      cell.before = cell.state; // for those that are not reached
      cell.state = "waiting";
    });
    const turn = this.turn;
    const wrong = (error) => this.bar.say(`This went wrong: ${error.message}`);
    this.queue = this.queue.then(() => this.work(cells, turn)).catch(wrong);
    return this.queue;
  }

  async work(cells, turn) {
    const rest = new Set(cells);
    try {
      if (turn !== this.turn || !(await this.kernel.ready(cells, this.runnable)) || turn !== this.turn) return;
      for (const [i, cell] of cells.entries()) {
        this.tellRunning = () => {
          const what = cells.length > 1 ? `${cells.length} cells` : `cell ${cell.number}`;
          this.bar.say(`Running ${what}`, { busy: true });
          if (cells.length > 1) this.bar.detail(`cell ${cell.number}, ${i + 1} of ${cells.length}`, i / cells.length);
        };
        this.tellRunning();
        rest.delete(cell);
        const failed = await this.runOne(cell);
        if (turn !== this.turn) return;
        if (failed) {
          const lacks = "did not run: what it needs could not be loaded";
          const why = failed === "LoadError" ? lacks : `ended with ${failed}`;
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
    const count = ++this.count;
    const code = cell.code;
    cell.begin();
    this.current = cell;
    const failed = await this.kernel.run(cell.place, count, code);
    this.current = null;
    cell.end(failed, count);
    if (failed === "crashed" || failed === "stopped") return failed;
    this.history.push([cell, failed ? `${code}\n# failed` : code]);
    const hasRun = (one) => this.history.some(([ran]) => ran === one);
    if (failed === "NameError" && this.runnable.some((one) => one.number < cell.number && !hasRun(one))) {
      const again = make("button", { type: "button", className: "live-plain", textContent: "Run to here" });
      again.addEventListener("click", () => {
        cell.buttons.here.focus({ preventScroll: true }); // this button goes when the cell runs
        this.runTo(cell);
      });
      cell.note("Cells above have not run yet. ", again);
    }
    return failed;
  }

  /** A new Python knows nothing of what ran. */
  forget() {
    this.history = [];
    this.count = 0;
  }

  output(place, kind, data) {
    const cell = this.cells.find((one) => one.place === place);
    if (cell) cell.add(kind, data);
    else if (kind === "controls") this.addControls(this.results.get(place).element, JSON.parse(data));
    else this.results.get(place)?.add(kind, data);
  }

  addControls(parent, spec) {
    const { python } = this.kernel;
    const send = async (place, values) => {
      if (python !== this.kernel.python) return false;
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
    const { python } = this.kernel;
    if (!python) return this.bar.say("Stopped");
    if (await python.stop()) return this.bar.say("Stopped. Variables are as they were then.");
    const cell = this.current;
    this.end();
    cell?.note("Stopped. Python had to be ended, so all variables are gone.");
    this.bar.say("Stopped. Python was ended, so all variables are gone: “Run to here” makes them again.");
  }

  crashed(why) {
    const cell = this.current;
    this.end();
    cell?.note(`Python crashed here (${why.trim().split("\n")[0]}). It was started again, and all variables are gone.`);
    const said = "Python crashed and was started again. All variables are gone: “Run to here” makes them again.";
    this.queue = this.queue
      .then(() => this.kernel.start([]))
      .then(() => this.bar.say(said))
      .catch(() => this.bar.say("Python crashed. Press Run to start it again."));
  }

  /** End Python, and what it knew. */
  end() {
    this.turn++;
    this.kernel.end();
    this.history = [];
  }

  /** Give the page back as it was printed. */
  async reset() {
    const edited = this.cells.filter((cell) => cell.isEdited).length;
    if (edited) {
      const what = edited > 1 ? `your edits of ${edited} cells` : "your edit of one cell";
      const text = `This forgets ${what}, ends Python and puts the printed code and outputs back.`;
      if (!(await ask("Reset this page?", text, "Reset", "Keep"))) return;
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

if (document.querySelector("div.cell:not(.tag_no-live) .cell_input pre")) new Page();

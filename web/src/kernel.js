/** Has a Python ready for the page: reads where it comes from, asks the reader what it may load, and starts it. */

import { Consent } from "./consent.js";
import { Loading } from "./loading.js";
import { Python } from "./python.js";
import { list } from "./words.js";

export class Kernel {
  /**
   * @param {string} base where the programs lie
   * @param {import("./bar.js").Bar} bar
   * @typedef {{output: (place: string, kind: string, data: string) => void, crashed: (why: string) => void}} Events
   * @param {Events & {started: () => void, running: () => void}} events
   */
  constructor(base, bar, events) {
    Object.assign(this, { base, bar, events });
    this.consent = new Consent();
    this.loading = new Loading(bar);
    /** @type {Python | null} */ this.python = null;
  }

  /**
   * Have Python ready, or tell why it is not.
   * @param {import("./cell.js").Cell[]} cells that are to run
   * @param {import("./cell.js").Cell[]} all cells of the page that can run
   */
  async ready(cells, all) {
    try {
      this.config ??= await this.readConfig();
      if (!(await this.consent.ask(this.config.packages, cells, all))) {
        this.bar.say("Not run");
        return false;
      }
      // One cell may define what is never called; of several, a later one calls it.
      const imports = cells.flatMap((cell) => (cells.length > 1 ? cell.imports : cell.importsAtOnce));
      if (!this.python) await this.start(imports);
      return true;
    } catch (error) {
      this.end();
      if (error.message !== "stopped") {
        this.bar.say(`Python did not start (${error.message}). Look at the connection, and press Run again.`);
      }
      return false;
    }
  }

  async readConfig() {
    this.bar.say("Starting", { busy: true });
    const answer = await fetch(new URL("config.json", this.base));
    if (!answer.ok) throw new Error(`config.json: the server answered ${answer.status}`);
    return answer.json();
  }

  /** @param {string[]} imports what the waiting cells import */
  async start(imports) {
    const { output, crashed, started } = this.events;
    this.python = new Python(this.base, { output, crashed, progress: (event) => this.progress(event) });
    started();
    const { core, packages } = this.config;
    const allowed = this.consent.isGiven;
    const needed = allowed || !packages.foreign ? imports.filter((name) => name in packages.imports) : [];
    const sizes = { ...core };
    for (const file of needed.flatMap((name) => packages.imports[name])) sizes[file] = packages.files[file];
    this.loading.begin(list(["Python", ...new Set(needed)]), sizes);
    try {
      await this.python.start({ config: this.config, allowed, imports });
    } finally {
      this.loading.end();
    }
  }

  /** @param {{phase: "loading" | "waiting" | "running", file?: string, loaded?: number, files?: string[]}} event */
  progress({ phase, file, loaded, files }) {
    if (phase === "loading") this.loading.add(file, loaded);
    else if (phase === "waiting") this.loading.wait(files, this.config.packages.files);
    else {
      this.loading.isAwaited = false;
      this.events.running();
    }
  }

  /** Run code; the promise holds the name of the error that ended it, or an empty text. */
  async run(place, count, code) {
    const failed = await this.python.ask({ type: "run", place, count, code, allowed: this.consent.isGiven });
    this.loading.isAwaited = false;
    return failed;
  }

  end() {
    this.python?.end();
    this.python = null;
  }
}

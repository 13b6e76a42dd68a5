/** Whether packages may come from another host: the reader is asked before the first Run, and once for each host. */

import { ask } from "./bar.js";
import { list, megabytes } from "./words.js";

const AGREED = "micrograd_numpy:packages-from";

export class Consent {
  isGiven = false;
  isAsked = false;

  /**
   * Ask, if there is something to ask.
   * @param {any} packages as config.json describes them
   * @param {import("./cell.js").Cell[]} cells that are to run
   * @param {import("./cell.js").Cell[]} all cells of the page that can run
   * @returns {Promise<boolean>} whether the cells can run
   */
  async ask({ base, foreign, imports, files }, cells, all) {
    if (!foreign || this.isGiven) return true;
    if (recall(AGREED) === base) return (this.isGiven = true);
    const needs = (some) => Object.keys(imports).filter((name) => some.some((cell) => cell.imports.includes(name)));
    const wanted = needs(this.isAsked ? cells : all);
    if (!wanted.length) return true;
    this.isAsked = true;
    const host = new URL(base).host;
    const isNeeded = needs(cells).length > 0;
    const size = [...new Set(wanted.flatMap((name) => imports[name]))].reduce((sum, file) => sum + files[file], 0);
    this.isGiven = await ask(
      `Load packages from ${host}?`,
      `Code on this page uses ${list(wanted)}. This site has no copy: your browser would load ${megabytes(size)} MB, ` +
        `once, from ${host}, the public server of the Pyodide project, which then sees your address. ` +
        "Python itself and this book's library come from this site.",
      "Load",
      isNeeded ? "Do not run" : "Run without",
    );
    if (this.isGiven) remember(AGREED, base);
    return this.isGiven || !isNeeded;
  }
}

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
    // no storage, as above
  }
}

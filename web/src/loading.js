/** What is being loaded, and how the bar tells it: from the first byte on, until all is here. */

import { megabytes } from "./words.js";

export class Loading {
  /** @param {import("./bar.js").Bar} bar */
  constructor(bar) {
    this.bar = bar;
    /** For each file, its bytes so far, and all. @type {Map<string, [number, number]>} */ this.files = new Map();
    this.isAwaited = false;
  }

  /** Python begins to load. @param {string} what @param {Record<string, number>} sizes the bytes of each file */
  begin(what, sizes) {
    this.what = what;
    this.then = "Starting Python";
    this.files = new Map(Object.entries(sizes).map(([file, size]) => [file, [0, size]]));
    this.isAwaited = true;
    this.tell();
  }

  /** Python has started, or has not: what is loaded from now on are packages. */
  end() {
    this.isAwaited = false;
    this.then = "Unpacking packages";
  }

  /** Some of a file has come. @param {string} file @param {number} loaded its bytes so far */
  add(file, loaded) {
    if (this.files.has(file)) this.files.get(file)[0] = loaded;
    if (this.isAwaited) this.tell();
  }

  /** Nothing runs until these files are here. @param {string[]} files @param {Record<string, number>} sizes */
  wait(files, sizes) {
    this.isAwaited = true;
    const more = files.filter((file) => !this.files.has(file));
    if (more.length && this.isDone) {
      this.files.clear(); // another load, with a total of its own
      this.what = "packages";
    }
    for (const file of more) this.files.set(file, [0, sizes[file] ?? 0]);
    this.tell();
  }

  get isDone() {
    return [...this.files.values()].every(([loaded, size]) => loaded >= size);
  }

  tell() {
    const [loaded, all] = [0, 1].map((which) => [...this.files.values()].reduce((sum, bytes) => sum + bytes[which], 0));
    const total = `${megabytes(all)} MB`;
    this.bar.say(this.isDone ? this.then : `Loading ${this.what}, ${total}`, { busy: true });
    if (!this.isDone) this.bar.detail(`${megabytes(loaded)} of ${total}`, loaded / all);
  }
}

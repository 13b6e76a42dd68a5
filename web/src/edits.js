/** The reader's edits, kept by the browser: by page, and by the code that was edited, so that each finds its cell. */

const PREFIX = "micrograd_numpy:edits:";

/** A short mark of a text: equal texts have equal marks. @param {string} text */
export function mark(text) {
  let hash = 0xcbf29ce484222325n; // FNV-1a
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(36);
}

export class Edits {
  /**
   * @param {string} page the page's path within the site
   * @param {() => void} changed another tab has changed them
   */
  constructor(page, changed) {
    this.key = PREFIX + page;
    this.read();
    addEventListener("storage", ({ key }) => {
      if (key !== this.key && key !== null) return; // null: all was cleared
      this.read();
      changed();
    });
  }

  read() {
    /** @type {Record<string, string>} */ this.texts ??= {};
    try {
      this.texts = JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      // no storage, or none of ours: edits last as long as the page
    }
  }

  get(mark) {
    return this.texts[mark];
  }

  /** Keep an edit, or forget it, beside what other tabs keep. @param {string} mark @param {string} [text] */
  set(mark, text) {
    this.read();
    if (text === undefined) delete this.texts[mark];
    else this.texts[mark] = text;
    try {
      if (Object.keys(this.texts).length) localStorage.setItem(this.key, JSON.stringify(this.texts));
      else localStorage.removeItem(this.key);
    } catch {
      // no storage, as above
    }
  }

  /** Edits of code that is no longer on the page. @param {string[]} marks of the code that is */
  lost(marks) {
    return Object.keys(this.texts).filter((mark) => !marks.includes(mark));
  }
}

/** A code cell of the page: its buttons, its editor, its output. */

import { mark } from "./edits.js";
import { make, Outputs, swap } from "./outputs.js";

const ICONS = {
  run: "M4 2.5v11l9-5.5z",
  here: "M3 2.5v8l6.5-4zM2.5 12.5h11v1.5h-11z",
  edit: "M2 14l.8-3.2L10.6 3 13 5.4l-7.8 7.8zM11.4 2.2l1-1 2.4 2.4-1 1z",
  revert: "M8 3a5 5 0 1 1-4.8 6.4l1.4-.4A3.5 3.5 0 1 0 8 4.5V7L4.2 3.7 8 .5z",
  stop: "M3.5 3.5h9v9h-9z",
};

/** A button with an icon. @param {string} says what it says @param {string} name what it is called, beginning so */
export function button(kind, says, name, press) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[kind]);
  icon.append(path);
  const made = make("button", { type: "button", className: `live-button live-${kind}`, ariaLabel: name, title: name });
  made.append(icon, make("span", { textContent: says }));
  made.addEventListener("click", press);
  return made;
}

export class Cell {
  /**
   * @param {HTMLElement} element the div.cell
   * @param {number} number from 1
   * @param {any} page what the buttons act on
   */
  constructor(element, number, page) {
    this.element = element;
    this.number = number;
    this.page = page;
    this.place = `cell-${number}`;
    this.input = element.querySelector(".cell_input");
    this.printed = element.querySelector(".cell_output");
    this.static = this.input.querySelector(":scope > div");
    this.original = this.input.querySelector("pre").textContent.replace(/\n$/, "");
    this.code = this.original;
    this.needsTorch = element.classList.contains("tag_needs-torch");
    const alts = [...(this.printed?.querySelectorAll("img, svg[aria-label]") ?? [])];
    this.alts = alts.map((image) => image.getAttribute("alt") ?? image.getAttribute("aria-label"));
    this.outputs = new Outputs(make("div", { className: "cell_output docutils container live-output" }), this.alts);
    this.shown = this.original; // the code whose output is there
    const old = "This output is of the code before your edit: run the cell.";
    this.old = make("p", { className: "live-note live-old", textContent: old });
    this.addTools();
  }

  addTools() {
    const { number, page } = this;
    const cell = `cell ${number}`;
    this.count = make("span", { className: "live-count" });
    this.tools = make("div", { className: "live-tools", role: "group", ariaLabel: `Cell ${number}` });
    if (this.needsTorch) {
      this.count.textContent = "Needs PyTorch, which does not run in a page";
      this.tools.append(this.count);
    } else {
      this.buttons = {
        run: button("run", "Run", `Run ${cell} (Shift+Enter)`, () => page.run([this])),
        stop: button("stop", "Stop", `Stop ${cell}`, () => page.stop()),
        here: button("here", "Run to here", `Run to here: all cells from the top to ${cell}`, () => this.isBusy || page.runTo(this)),
        edit: button("edit", "Edit", `Edit ${cell}`, () => this.edit()),
        revert: button("revert", "Revert", `Revert ${cell} to the printed code and output`, () => this.revert(true)),
      };
      this.tools.append(...Object.values(this.buttons), this.count);
      this.element.tabIndex = -1; // a click on the code brings the keyboard here
      this.element.addEventListener("keydown", (event) => {
        const { target } = event;
        const isButton = target instanceof HTMLElement && target.closest("button, a, summary, .live-controls");
        if (event.key !== "Enter" || !event.shiftKey || event.defaultPrevented || isButton) return;
        event.preventDefault();
        page.run([this]);
      });
    }
    this.input.append(this.tools);
    this.state = "";
  }

  /** "", "waiting", "running", "done", "failed", "skipped" */
  set state(state) {
    this.element.dataset.live = state;
    if (!this.buttons) return;
    const { isBusy } = this;
    swap(this.buttons.run, this.buttons.stop, isBusy);
    this.buttons.here.ariaDisabled = String(isBusy); // not `disabled`, which takes the keyboard away
    this.tellChanged();
  }

  get state() {
    return this.element.dataset.live;
  }

  get isBusy() {
    return this.state === "waiting" || this.state === "running";
  }

  /** The packages that it imports, roughly: enough to know what to ask and what to fetch early. */
  get imports() {
    return [...this.code.matchAll(/^[ \t]*(?:from|import)[ \t]+(\w+)/gm)].map((match) => match[1]);
  }

  /** Those that it imports when it runs, not when a function in it is called. */
  get importsAtOnce() {
    return [...this.code.matchAll(/^(?:from|import)[ \t]+(\w+)/gm)].map((match) => match[1]);
  }

  get isEdited() {
    return this.code !== this.original;
  }

  tellChanged() {
    if (this.buttons) this.buttons.revert.hidden = !(this.isEdited || this.editor || this.outputs.element.isConnected);
    this.element.classList.toggle("live-edited", this.isEdited);
    const { element } = this.outputs;
    const output = element.isConnected ? element : this.printed;
    const isOld = this.code !== this.shown && output?.childNodes.length > 0;
    this.element.classList.toggle("live-stale", isOld);
    if (!isOld) this.old.remove();
    else if (!this.old.isConnected) output.before(this.old);
  }

  /** Under which mark its edit is kept. Cells with the same code are told apart by their order. */
  get mark() {
    const twins = this.page.cells.filter((cell) => cell.number < this.number && cell.original === this.original);
    return mark(this.original) + (twins.length ? `-${twins.length}` : "");
  }

  /** Open the editor. @param {boolean} focus */
  async edit(focus = true) {
    if (!this.editor) {
      const { createEditor } = await import("./editor.js");
      if (this.editor) return;
      this.box = make("div", { className: "live-editor highlight" });
      this.static.before(this.box);
      this.static.hidden = true;
      this.editor = createEditor({
        parent: this.box,
        text: this.code,
        label: `Code of cell ${this.number}`,
        help: this.page.help,
        run: () => this.page.run([this]),
        changed: (text) => this.change(text),
      });
      this.tellChanged();
    }
    if (focus) this.editor.focus();
  }

  change(text) {
    this.code = text;
    this.page.edits.set(this.mark, this.isEdited ? text : undefined);
    this.tellChanged();
  }

  /** Have the code that was kept: of an earlier visit, or of another tab. */
  recall() {
    const text = this.page.edits.get(this.mark) ?? this.original;
    if (this.needsTorch || text === this.code || this.input.contains(document.activeElement)) return;
    this.code = text;
    if (this.editor) this.editor.set(text);
    else this.edit(false);
    this.tellChanged();
  }

  /** Give back what is printed: the code, and the output. */
  revert(focus = false) {
    if (this.editor) {
      this.editor.remove();
      this.box.remove();
      this.editor = null;
      this.static.hidden = false;
    }
    this.shown = this.original;
    this.change(this.original);
    this.outputs.clear();
    this.outputs.end();
    if (this.printed) this.outputs.element.replaceWith(this.printed);
    else this.outputs.element.remove();
    if (!this.isBusy) {
      this.state = "";
      if (this.buttons) this.count.textContent = "";
    }
    this.tellChanged();
    if (focus) this.buttons.edit.focus();
  }

  /** Put the place for outputs where the printed output is, as high as that until all is there. */
  show() {
    const { element } = this.outputs;
    if (element.isConnected) return;
    if (this.printed) {
      element.style.minHeight = `${this.printed.offsetHeight}px`;
      this.printed.replaceWith(element);
    } else this.input.after(element);
  }

  /** @param {string} kind @param {string} data */
  add(kind, data) {
    this.show();
    if (kind === "controls") {
      if (this.outputs.stale) this.outputs.clear();
      return this.page.addControls(this.outputs.element, JSON.parse(data));
    }
    this.outputs.add(kind, data);
  }

  begin() {
    this.shown = this.code;
    this.state = "running";
    this.outputs.begin();
  }

  /** @param {string} failed the name of an error @param {number} count */
  end(failed, count) {
    if (this.printed?.isConnected && this.printed.childNodes.length) this.show(); // it printed, and now it does not
    this.outputs.end();
    const { element } = this.outputs;
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0; // so that arrow keys can scroll it
    this.count.textContent = failed ? `[${count}] ${failed}` : `[${count}]`;
    this.state = failed ? "failed" : "done";
    if (failed) this.element.querySelectorAll("details").forEach((details) => (details.open = true));
  }

  /** Say something below the output. @param {string} text @param {Node[]} more */
  note(text, ...more) {
    this.show();
    if (this.outputs.stale) this.outputs.clear();
    this.outputs.element.append(make("p", { className: "live-note" }, text, ...more));
    this.tellChanged();
  }
}

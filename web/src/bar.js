/** The bar at the foot of the page, which is there once something has run; and the question that a dialog asks. */

import { button } from "./cell.js";
import { make, swap } from "./outputs.js";

export class Bar {
  /** @param {{stop: () => void, runAll: () => void, reset: () => void}} actions @param {string} allName */
  constructor({ stop, runAll, reset }, allName) {
    this.text = make("span", { className: "live-said", role: "status" }); // read aloud when it changes
    this.more = make("span", { className: "live-detail", ariaHidden: "true" });
    this.progress = make("progress", { hidden: true, max: 1, ariaHidden: "true" });
    this.link = make("a", { className: "live-plain", textContent: "Show", hidden: true, href: "#" });
    this.stop = button("stop", "Stop", "Stop what is running", stop);
    this.all = button("run", "Run all", allName, runAll);
    this.reset = button("revert", "Reset", "Reset this page: printed code and outputs, no Python", reset);
    const saying = make("div", { className: "live-saying" }, this.text, this.more, this.link);
    const buttons = make("div", { className: "live-buttons" }, this.stop, this.all, this.reset);
    this.element = make("aside", { className: "live-bar", ariaLabel: "Live code" }, this.progress, saying, buttons);
    this.link.addEventListener("click", (event) => {
      event.preventDefault();
      this.target?.scrollIntoView({ block: "center" });
      this.target?.focus({ preventScroll: true });
    });
    this.hide();
  }

  hide() {
    this.element.dataset.state = "off";
    this.text.textContent = "";
  }

  get isBusy() {
    return this.element.dataset.state === "busy";
  }

  /** @param {string} text @param {{busy?: boolean, link?: HTMLElement | null}} how */
  say(text, { busy = false, link = null } = {}) {
    this.element.dataset.state = busy ? "busy" : "idle";
    if (this.text.textContent !== text) this.text.textContent = text;
    swap(this.all, this.stop, busy);
    this.reset.hidden = busy;
    this.target = link;
    this.link.hidden = !link;
    this.more.textContent = "";
    this.progress.hidden = !busy;
    this.progress.removeAttribute("value"); // some time, nobody knows how long
  }

  /** @param {string} text not read aloud @param {number} [part] of 1 */
  detail(text, part) {
    this.more.textContent = text;
    if (part === undefined) this.progress.removeAttribute("value");
    else this.progress.value = part;
  }
}

/**
 * Ask the reader something; closing the question is a no.
 * @returns {Promise<boolean>}
 */
export function ask(title, text, yes, no) {
  const heading = make("h2", { id: "live-question", textContent: title });
  const choices = make("form", { method: "dialog" });
  choices.append(
    make("button", { value: "yes", textContent: yes, className: "live-choice live-yes" }),
    make("button", { value: "no", textContent: no, className: "live-choice" }),
  );
  const dialog = make("dialog", { className: "live-dialog" }, heading, make("p", { textContent: text }), choices);
  dialog.setAttribute("aria-labelledby", heading.id);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

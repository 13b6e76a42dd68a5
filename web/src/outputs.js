/** Shows what a cell puts out, with the classes that the book's printed outputs have. */

/** Make an element. @returns {HTMLElement} */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "style") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Show one of two buttons, and keep the keyboard there. @param {boolean} isSecond */
export function swap(first, second, isSecond) {
  const [shown, gone] = isSecond ? [second, first] : [first, second];
  const hadFocus = document.activeElement === gone;
  shown.hidden = false;
  gone.hidden = true;
  if (hadFocus) shown.focus();
}

const CLASSES = {
  stdout: "output stream highlight-myst-ansi notranslate",
  stderr: "output stderr highlight-myst-ansi notranslate",
  text: "output text_plain highlight-myst-ansi notranslate",
  error: "output traceback live-error highlight-myst-ansi notranslate",
};

/** What a terminal shows of a text: what follows a carriage return is written over its line. */
const overwritten = (text) => text.replace(/[^\n]*\r(?!\n)/g, "");

/** A place on the page where outputs arrive, one after the other. */
export class Outputs {
  /**
   * @param {HTMLElement} element what it fills
   * @param {string[]} alts the texts of the pictures printed there, for the pictures that take their places
   */
  constructor(element, alts = []) {
    this.element = element;
    this.alts = alts;
    this.pictures = 0;
    this.stale = false; // what is there goes when the next output comes
  }

  /** Begin anew. What is there stays until something comes, so that the page does not jump. */
  begin() {
    this.element.style.minHeight = `${this.element.offsetHeight}px`;
    this.stale = true;
    this.pictures = 0;
  }

  /** Nothing more comes. */
  end() {
    if (this.stale) this.clear();
    this.element.style.minHeight = "";
  }

  clear() {
    this.element.replaceChildren();
    this.stale = false;
    this.pictures = 0;
  }

  /** @param {string} kind @param {string} data */
  add(kind, data) {
    if (kind === "clear" && data) {
      this.stale = true;
      return;
    }
    if (this.stale || kind === "clear") this.clear();
    if (kind === "clear") return;
    if (kind === "stdout" || kind === "stderr") this.stream(kind, data);
    else if (kind === "image") this.image(JSON.parse(data));
    else if (kind === "svg") this.svg(data);
    else if (kind === "html") this.wrap(data);
    else if (kind === "error") this.error(data);
    else this.text(kind, data);
  }

  text(kind, data) {
    const pre = make("pre", { textContent: data, tabIndex: 0 });
    this.element.append(make("div", { className: CLASSES[kind] }, make("div", { className: "highlight" }, pre)));
    return pre;
  }

  stream(kind, data) {
    const last = this.element.lastElementChild;
    const pre = last?.dataset.stream === kind ? last.querySelector("pre") : this.text(kind, "");
    this.element.lastElementChild.dataset.stream = kind;
    if (data.includes("\r")) pre.textContent = overwritten(pre.textContent + data);
    else if (pre.firstChild) pre.firstChild.appendData(data); // quick, however long the text is already
    else pre.append(data);
  }

  /** A traceback; its end, which says what is wrong, stands out. */
  error(data) {
    const pre = this.text("error", "");
    const lines = data.trimEnd().split("\n");
    let last = lines.length - 1;
    while (last > 0 && !/^[A-Za-z_][\w.]*(:|$)/.test(lines[last])) last--; // a message may have several lines
    pre.append(lines.slice(0, last).join("\n"), make("strong", { textContent: lines.slice(last).join("\n") }));
  }

  alt() {
    return this.alts[this.pictures++] || "A picture that the code above has drawn.";
  }

  image({ address, width, height }) {
    const image = make("img", { src: address, alt: this.alt() });
    image.classList.toggle("broad", width > 1.9 * height); // as tools/finish_site.py has it
    if (width) Object.assign(image.style, { width: `${width}px`, aspectRatio: `${width} / ${height}` });
    this.element.append(image);
  }

  /** A picture in SVG: within the page if it carries data and can be touched, else an image, apart from the page. */
  svg(data) {
    if (data.includes("<metadata")) {
      const box = this.wrap(data, "live-touch");
      const svg = box.querySelector("svg");
      const isNamed = svg?.hasAttribute("aria-label") || svg?.querySelector("title");
      if (svg && !isNamed) svg.setAttribute("aria-label", this.alt());
    } else {
      const address = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(data)}`;
      this.element.append(make("img", { className: "live-svg", src: address, alt: this.alt() }));
    }
  }

  wrap(html, className = "text_html") {
    const box = make("div", { className: `output ${className}` });
    box.innerHTML = html; // its scripts do not run: the browser sees to that
    this.element.append(box);
    box.dispatchEvent(new CustomEvent("live:output", { bubbles: true, detail: { element: box } }));
    return box;
  }
}

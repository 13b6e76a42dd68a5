/**
 * The figures that can be touched: one module for JupyterLab (as an anywidget), for the static page and for the
 * page's live Python. It needs no other code. Each figure starts from a complete picture, the SVG that
 * Python drew, and moves its parts.
 */

// ---------------------------------------------------------------- rules, as they tell themselves

/** aᵇ as IEEE 754 defines it: JavaScript has nan where the base is ±1 and the exponent has no end, or is nan. */
function raised(a, b) {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return a ** b;
}

/** What a step of a rule does; all others are functions of Math, under NumPy's names. */
const operations = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": raised,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  neg: (a) => -a,
  max: (a, bound) => (a <= bound ? bound : a), // of nan, nan
  where: (question, yes, no) => (question ? yes : no),
  exp2: (a) => 2 ** a,
};

/**
 * The function that a rule is: it takes numbers, and returns the result and one local derivative for each.
 * A rule comes as its steps, [operation, place, place …]. Places count the inputs, then the steps; a number that
 * the rule itself knows comes in a list.
 */
export function ruleOf({ steps, result, slopes }) {
  return (...numbers) => {
    const at = (place) => (Array.isArray(place) ? number(place[0]) : numbers[place]);
    for (const [name, ...places] of steps) {
      const operate = operations[name] ?? Math[name.replace(/^arc/, "a")];
      numbers.push(operate(...places.map(at)));
    }
    return [at(result), slopes.map(at)];
  };
}

// ---------------------------------------------------------------- numbers and words

/** A number as Python wrote it: JSON has no nan and no infinities, so they come by name. */
export const number = (x) => (typeof x === "string" ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[x] : x);

/** `x` to four significant digits, with a true minus sign: Python's f"{x:.4g}", as on the cards of draw_graph. */
export function shown(x, digits = 4) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "−inf";
  const [mantissa, power10] = Math.abs(x).toExponential(digits - 1).split("e");
  const exponent = Number(power10);
  const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  const sign = x < 0 || Object.is(x, -0) ? "−" : "";
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${trimmed(mantissa)}e${exponent < 0 ? "−" : "+"}${size}`;
  }
  return sign + trimmed(Math.abs(x).toFixed(Math.max(0, digits - 1 - exponent)));
}

/** The same in a formula: a negative number in brackets after a sign. */
const bracketed = (x) => (shown(x).startsWith("−") ? `(${shown(x)})` : shown(x));

/** What was typed as a number: {x}, or {fault}, a sentence that says why it is none. */
export function typed(text) {
  const ascii = text.trim().replaceAll("−", "-");
  const [joined, pointed] = [ascii.replace(",", ""), ascii.replace(",", ".")];
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(ascii)) {
    return { fault: `“${text}” is no number: write one such as 1.5, −2 or 3e−4.` };
  }
  if (/\d,\d{3}$/.test(ascii)) {
    return { fault: `“${text}” may be read in two ways: write ${joined} or ${pointed}.` };
  }
  const x = Number(pointed);
  if (Number.isFinite(x)) return { x };
  return { fault: `“${text}” is more than a float can hold, which ends at 1.798e308.` };
}

// ---------------------------------------------------------------- the engine, as far as the stepper needs it

/**
 * @typedef {object} Node
 * @property {string} name
 * @property {number} data
 * @property {number[]} inputs   the numbers of its inputs; a leaf has none
 * @property {number[]} local    one local derivative for each
 * @property {string} [op]
 * @property {string} [sign]
 * @property {Function} [rule]   missing where only Python knows it
 * @property {number} [source]
 */

/** The nodes as Python wrote them, inputs before outputs. @returns {Node[]} */
export function nodesOf(data) {
  return data.nodes.map((row) => ({
    ...row,
    data: number(row.data),
    inputs: row.inputs ?? [],
    local: (row.local ?? []).map(number),
    rule: row.rule === undefined ? undefined : ruleOf(data.rules[row.rule]),
  }));
}

/** Which leaves must stay as they are: those that reach a node whose rule this page does not know. */
export function fixedLeaves(nodes) {
  const fixed = new Set();
  for (let i = nodes.length - 1; i >= 0; i -= 1) {
    const stays = fixed.has(i) || (nodes[i].inputs.length && !nodes[i].rule);
    if (stays) for (const source of nodes[i].inputs) fixed.add(source);
  }
  return fixed;
}

/** Compute every node from the leaves again. A node whose rule is unknown keeps Python's numbers. */
export function forward(nodes) {
  for (const node of nodes) {
    if (node.rule) [node.data, node.local] = node.rule(...node.inputs.map((i) => nodes[i].data));
  }
}

/**
 * All steps, forward and backward, each with the gradients as they are after it.
 * A backward step lists its shares: to whom, the product, and the sum that it makes.
 */
export function trace(nodes) {
  const grads = nodes.map(() => 0);
  const made = nodes.map((_, i) => i).filter((i) => nodes[i].inputs.length);
  const root = nodes.length - 1;
  const steps = [{ kind: "leaves", node: -1, shares: [], grads: [...grads] }];
  for (const node of made) steps.push({ kind: "forward", node, shares: [], grads: [...grads] });
  grads[root] += 1;
  steps.push({ kind: "root", node: root, shares: [], grads: [...grads] });
  for (const node of made.toReversed()) {
    const shares = nodes[node].inputs.map((to, k) => {
      const local = nodes[node].local[k];
      const before = grads[to];
      grads[to] += local * grads[node];
      return { to, local, before, share: local * grads[node], after: grads[to] };
    });
    steps.push({ kind: "backward", node, shares, grads: [...grads] });
  }
  return steps;
}

// ---------------------------------------------------------------- small parts of pages

const SVG = "http://www.w3.org/2000/svg";
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** An HTML element with attributes, properties and children. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Give an element these attributes. */
function set(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** An SVG element with attributes. */
const draw = (name, attributes = {}) => set(document.createElementNS(SVG, name), attributes);

const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zM9 3h3v10H9z",
  back: "M11 2.5v11L3 8zM3 3h1.6v10H3z",
  reset: "M8 2.5a5.5 5.5 0 1 1-5.3 4h1.7A3.9 3.9 0 1 0 8 4.1v2.4L4.2 3.3 8 0z",
  next: "M5 2.5v11L13 8zM11.4 3H13v10h-1.6z",
};

/** A button with a picture of what it does, and its name for those who hear the page. */
function button(icon, name, press) {
  const picture = draw("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" });
  picture.append(draw("path", { d: ICONS[icon], fill: "currentColor" }));
  const element = make("button", { type: "button", "aria-label": name, title: name }, picture);
  element.addEventListener("click", press);
  element.become = (other, otherName) => {
    picture.firstChild.setAttribute("d", ICONS[other]);
    set(element, { "aria-label": otherName, title: otherName });
  };
  return element;
}

/** A name that no other element on the page has. Jupyter loads this module for each figure, so nothing can count. */
const unique = () => `touch-${Math.random().toString(36).slice(2)}`;

/** A slider with its name before it and its value, in words, behind it. */
function slider(name, { min, max, step, value, words = shown, change }) {
  const id = unique();
  const input = make("input", { type: "range", id, min: String(min), max: String(max), step: String(step) });
  const output = make("output", { for: id });
  const row = make("div", { class: "touch-slider" }, make("label", { for: id }, name), input, output);
  row.input = input;
  row.show = (x) => {
    input.value = String(x);
    output.textContent = words(x);
    input.setAttribute("aria-valuetext", words(x));
  };
  row.show(value);
  input.addEventListener("input", () => {
    row.show(input.valueAsNumber);
    change(input.valueAsNumber);
  });
  return row;
}

/** A choice of one among several names: radio buttons that look like one bar. */
function choice(legend, names, chosen, change) {
  const group = unique();
  const labels = names.map((name) => {
    const input = make("input", { type: "radio", name: group, value: name, checked: name === chosen });
    input.addEventListener("change", () => change(name));
    return make("label", {}, input, make("span", {}, name));
  });
  return make("fieldset", { class: "touch-choice" }, make("legend", {}, legend), ...labels);
}

/** Where a pointer is, in the units of the picture. */
function place(svg, event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [at.x, at.y];
}

/**
 * Follow a pointer from where it goes down on `element` until it is lifted. `start` may return false: not here.
 * A finger that sets out up or down scrolls the page, unless `anywhere`.
 */
function drag(element, { start, move, end = () => {}, anywhere = false }) {
  let first;
  let ours = false;
  element.addEventListener("touchstart", (event) => {
    [first] = event.touches;
    ours = anywhere;
  }, { passive: true });
  // Chromium does not heed touch-action inside an SVG, so the page is held here.
  element.addEventListener("touchmove", (event) => {
    const [finger] = event.touches;
    ours ||= Math.abs(finger.clientX - first.clientX) >= Math.abs(finger.clientY - first.clientY);
    if (ours && event.cancelable) event.preventDefault();
  }, { passive: false });
  element.addEventListener("pointerdown", (event) => {
    if (event.button || start(event) === false) return;
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    const held = new AbortController();
    const { signal } = held;
    const leave = () => {
      held.abort();
      end();
    };
    element.addEventListener("pointermove", move, { signal });
    for (const ending of ["pointerup", "pointercancel"]) element.addEventListener(ending, leave, { signal });
  });
}

/** The frame that all figures share: the picture, and a dock for what moves it. */
function frame(model, el) {
  const kind = model.get("kind");
  const page = new DOMParser().parseFromString(model.get("svg"), "image/svg+xml");
  const svg = document.importNode(page.documentElement, true);
  svg.querySelector("metadata")?.remove();
  svg.setAttribute("aria-hidden", "true"); // the group has the same words, and each step says its own
  const picture = make("div", { class: "touch-picture" }, svg);
  picture.style.width = `${svg.getAttribute("width")}px`; // with the border: the size that the image had
  const dock = make("div", { class: "touch-dock" });
  const figure = make("div", { class: `touch-figure touch-${kind}`, role: "group", "aria-label": model.get("alt") });
  figure.dataset.lmSuppressShortcuts = "true"; // in JupyterLab, keys pressed in here are the figure's
  figure.append(make("div", { class: "touch-body" }, picture, dock));
  el.append(figure);
  const part = (name) => svg.querySelector(`[data-part=${name}]`);
  return { svg, part, picture, dock, figure, data: model.get("data") };
}

/**
 * Buttons and a slider to go through numbered states; space, arrows, home and end do the same.
 * While it plays, nothing is said aloud: `go` is told whether to speak.
 */
class Transport {
  constructor({ figure, picture, count, start, name, words, pause, go }) {
    Object.assign(this, { figure, count, words, pause, go, at: start, timer: 0 });
    this.back = button("back", "Step back", () => this.to(this.at - 1));
    this.play = button("play", "Play", () => this.toggle());
    this.next = button("next", "Step forward", () => this.to(this.at + 1));
    const steps = { min: "0", max: String(count - 1), step: "1" };
    this.range = make("input", { type: "range", ...steps, "aria-label": name });
    this.range.addEventListener("input", () => this.to(this.range.valueAsNumber));
    for (const place of [picture, this.range]) place.addEventListener("keydown", (event) => this.press(event));
    set(picture, { tabindex: "0", role: "group", "aria-label": `${name}: arrows, space, home and end go through it` });
    this.bar = make("div", { class: "touch-transport" }, this.back, this.play, this.next, this.range);
  }

  get isAtEnd() {
    return this.at === this.count - 1;
  }

  show(speak) {
    this.range.value = String(this.at);
    this.range.setAttribute("aria-valuetext", this.words(this.at));
    this.back.disabled = this.at === 0;
    this.next.disabled = this.isAtEnd;
    this.go(this.at, speak);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.play.become("play", "Play");
  }

  to(step) {
    this.stop();
    this.at = Math.min(this.count - 1, Math.max(0, step));
    this.show(true);
  }

  tick() {
    this.timer = setTimeout(() => {
      if (!this.figure.isConnected) this.stop();
      else if (this.at + 1 === this.count - 1) this.to(this.at + 1);
      else {
        this.at += 1;
        this.show(false);
        this.tick();
      }
    }, this.pause);
  }

  toggle() {
    if (this.timer) {
      this.stop();
      this.show(true);
    } else {
      if (this.isAtEnd) this.at = 0;
      this.play.become("pause", "Pause");
      this.tick();
      this.show(false);
    }
  }

  press(event) {
    const steps = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.count - 1 };
    const isOurs = event.key === " " || event.key in steps;
    if (!isOurs || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.key === " ") this.toggle();
    else this.to(steps[event.key]);
  }
}

// ---------------------------------------------------------------- the stepper

/** How a node was computed, with the numbers in it: "2 × 3", "tanh(0.8814)". */
function formula(node, nodes) {
  const x = node.inputs.map((i) => nodes[i].data);
  const [a, b] = x.map(bracketed);
  if (x.length === 2 && ["+", "-", "*", "/"].includes(node.op)) return `${a} ${node.sign} ${b}`;
  if (node.op.startsWith("**")) return `${a}**${x.length === 2 ? b : node.op.slice(2)}`;
  if (node.op === "neg") return `−${a}`;
  return `${node.op}(${x.map((value) => shown(value)).join(", ")})`;
}

/** The gradient of a node, by name: a formula comes in brackets. */
const gradOf = (node) => `${/^[\p{L}\p{N}_ ]+$/u.test(node.name) ? node.name : `(${node.name})`}.grad`;

/** What a step does: a sentence, and one line for each input or output it touches. */
function told(step, nodes) {
  const node = nodes[step.node];
  if (step.kind === "leaves") {
    const leaves = nodes.filter((leaf) => !leaf.inputs.length);
    return [
      "The leaves hold the numbers that you put in. Every gradient is 0.",
      leaves.map((leaf) => `${leaf.name} = ${shown(leaf.data)}`),
    ];
  }
  if (step.kind === "forward") {
    const result = `${node.name} = ${formula(node, nodes)} = ${shown(node.data)}`;
    const times = (x) => (x === 1 ? "" : `${shown(x)} times `);
    const locals = node.local.map((x, k) => `${node.name} moves ${times(x)}as far as ${nodes[node.inputs[k]].name}`);
    return [`Forward: ${result}. It also notes its local derivatives.`, locals];
  }
  if (step.kind === "root") {
    const start = `${gradOf(node)} = ${shown(step.grads[step.node])}`;
    return [`Backward starts at the root: ${node.name} moves as far as itself.`, [start]];
  }
  const rows = step.shares.map(({ to, local, before, after }) => {
    const product = `${bracketed(local)} × ${bracketed(step.grads[step.node])}`;
    return `${gradOf(nodes[to])} = ${shown(before)} + ${product} = ${shown(after)}`;
  });
  const gradient = shown(step.grads[step.node]);
  return [`Backward: ${node.name} hands on its gradient, ${gradient}, times each local derivative.`, rows];
}

/** The lines of a rule, with what is computed in this step marked. */
function ruleText(source, kind) {
  const code = make("code");
  source.lines.forEach((line, i) => {
    let at = 0;
    for (const [row, start, end, what] of source.marks) {
      if (row !== i || start < at) continue;
      code.append(line.slice(at, start));
      const lit = (what === "data") === (kind === "forward");
      code.append(make("span", { class: lit ? `is-${what}` : "is-other" }, line.slice(start, end)));
      at = end;
    }
    code.append(`${line.slice(at)}\n`);
  });
  return code;
}

/** A round step for a number that is moved by hand, and how far it goes either way. */
function reach(x) {
  const size = Math.max(4, 2 * Math.abs(x));
  const ten = 10 ** Math.floor(Math.log10(size));
  const most = [1, 2, 4, 5, 10].map((k) => k * ten).find((limit) => limit >= size * 0.999999);
  return { most, step: most / 40 };
}

/** A number as its box says it: to six digits, since more do not fit. */
const written = (x) => (Number.isFinite(x) ? String(Number(x.toPrecision(6))) : String(shown(x)));

const HINT = "Type a number, move a slider, or drag a leaf's card sideways.";
const LETTERS = 11; // pixels, the least that is read with ease

/** Make a text as narrow as the room that it has. */
function squeeze(text, room) {
  text.removeAttribute("textLength");
  if (text.getComputedTextLength?.() > room) {
    set(text, { textLength: room.toFixed(1), lengthAdjust: "spacingAndGlyphs" });
  }
}

/** Write a number on a card, or nothing. */
function write(text, x, isHidden) {
  text.textContent = isHidden ? "" : shown(x);
  const key = text.previousElementSibling;
  const start = Number(key.getAttribute("x")) + (key.getComputedTextLength?.() ?? 0) + 4;
  squeeze(text, Number(text.getAttribute("x")) - start);
}

/** Give an element those of these classes that are true, and take the others from it. */
function mark(element, classes) {
  for (const [name, isOn] of Object.entries(classes)) element.classList.toggle(`is-${name}`, isOn);
}

/** The picture of a graph: its cards and edges, and what each step does to them. */
class Graph {
  constructor({ svg, picture }, nodes) {
    Object.assign(this, { svg, picture, nodes });
    const parts = (name) => [...svg.querySelectorAll(`[data-part=${name}]`)];
    this.cards = parts("node").map((group, i) => this.card(group, nodes[i]));
    this.notes = parts("note");
    const ends = nodes.flatMap((node, to) => node.inputs.map((_, k) => ({ to, k })));
    this.edges = parts("edge").map((edge, i) => ({ edge, note: this.notes[i], ...ends[i] }));
    svg.style.minWidth = `${0.66 * svg.getAttribute("width")}px`; // larger letters would not fit on smaller cards
  }

  /** The parts of a node's card. One without a label gets the name that the steps call it by, above it. */
  card(group, node) {
    const [data, grad] = group.querySelectorAll("text[text-anchor=end]");
    const card = group.querySelector("[data-part=card]");
    group.querySelector("title")?.remove(); // it would tell the numbers of the printed picture
    if (data.previousElementSibling.previousElementSibling === card) {
      const [x, y] = ["x", "y"].map((name) => Number(card.getAttribute(name)));
      const name = draw("text", { x: x + (node.inputs.length ? 16 : 4), y: y - 3, class: "touch-name" });
      name.textContent = node.name;
      group.append(name);
    }
    return { group, data, grad };
  }

  /** Show a step; `computed` says for each node whether it has its number by then. */
  show(step, computed) {
    const isForward = step.kind === "forward";
    const isBackward = step.kind === "backward";
    const inputs = this.nodes[step.node]?.inputs ?? [];
    this.cards.forEach(({ group, data, grad }, i) => {
      write(data, this.nodes[i].data, !computed[i]);
      write(grad, step.grads[i], !computed[i]);
      mark(group, {
        waiting: !computed[i],
        forward: i === step.node && isForward,
        backward: i === step.node && (isBackward || step.kind === "root"),
        source: inputs.includes(i) && isForward,
        target: inputs.includes(i) && isBackward,
      });
    });
    for (const { edge, note, to, k } of this.edges) {
      const busy = to === step.node && (isForward || isBackward);
      mark(edge, { busy, forward: busy && isForward, backward: busy && isBackward, waiting: !computed[to] });
      mark(note, { busy });
      note.textContent = computed[to] ? shown(this.nodes[to].local[k]) : "";
    }
    this.follow(step.node);
  }

  /** Bring the node at work into sight, where the picture is wider than the screen. */
  follow(node) {
    const { picture } = this;
    if (node < 0 || picture.scrollWidth <= picture.clientWidth) return;
    const box = this.cards[node].group.getBoundingClientRect();
    const seen = picture.getBoundingClientRect();
    const off = Math.min(0, box.left - seen.left - 90) + Math.max(0, box.right - seen.right + 16);
    picture.scrollBy({ left: off, behavior: still() ? "auto" : "smooth" });
  }

  /** Let a dot run along each edge that is at work. */
  pulse(isBackward) {
    this.svg.querySelectorAll(".touch-pulse").forEach((dot) => dot.remove());
    if (still()) return;
    for (const edge of this.svg.querySelectorAll("[data-part=edge].is-busy")) {
      const length = edge.getTotalLength() - 11; // without the arrow's head
      const dot = draw("circle", { r: 4, class: `touch-pulse ${isBackward ? "is-backward" : "is-forward"}` });
      edge.parentNode.after(dot);
      const begin = performance.now();
      const move = (now) => {
        const share = Math.min(1, (now - begin) / 550);
        const at = edge.getPointAtLength(length * (isBackward ? 1 - share : share));
        set(dot, { cx: at.x, cy: at.y });
        if (share < 1 && dot.isConnected) requestAnimationFrame(move);
        else dot.remove();
      };
      requestAnimationFrame(move);
    }
  }

  /** Keep letters readable where the picture is narrowed. */
  fit() {
    const { svg } = this;
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    svg.style.setProperty("--touch-letters", `${(LETTERS / (scale || 1)).toFixed(2)}px`);
    for (const badge of svg.querySelectorAll("[data-part=badge]")) {
      squeeze(badge.nextElementSibling, badge.getAttribute("width") - 6);
    }
  }
}

/** What a step does, in words, and beside them the rule that it follows. */
class Story {
  constructor(nodes, sources) {
    Object.assign(this, { nodes, sources });
    this.said = make("p", { class: "touch-said" });
    this.rows = make("ul", { class: "touch-rows" });
    const spoken = { "aria-live": "polite", role: "group", "aria-label": "This step" };
    this.story = make("div", { class: "touch-story", ...spoken }, this.said, this.rows);
    this.ruleName = make("p", { class: "touch-rule-name" });
    this.ruleLines = make("pre", { tabindex: "0", "aria-label": "The rule of this step" });
    this.rule = make("div", { class: "touch-rule" }, this.ruleName, this.ruleLines);
    this.element = make("div", { class: "touch-two" }, this.story, this.rule);
  }

  tell(step) {
    const [sentence, lines] = told(step, this.nodes);
    this.said.textContent = sentence;
    this.rows.classList.toggle("is-leaves", step.kind === "leaves"); // they stand side by side
    this.rows.replaceChildren(...lines.map((text) => make("li", {}, text)));
    const node = this.nodes[step.node];
    const source = this.sources[node?.source];
    if (step.kind === "leaves" || step.kind === "root") {
      this.ruleName.textContent = "";
      this.ruleLines.replaceChildren();
    } else if (source) {
      this.ruleName.textContent = `${source.name}(${source.arguments.join(", ")})`;
      this.ruleLines.replaceChildren(ruleText(source, step.kind));
    } else {
      this.ruleName.textContent = `${node.op} is a rule of your own`;
      this.ruleLines.replaceChildren("Its lines are not at hand.");
    }
  }

  /** Make both boxes as high as their longest step. */
  fit(steps) {
    const boxes = [this.story, this.rule];
    for (const box of boxes) box.style.minHeight = "";
    const heights = steps.map((step) => {
      this.tell(step);
      return boxes.map((box) => box.offsetHeight);
    });
    boxes.forEach((box, i) => { box.style.minHeight = `${Math.max(...heights.map((each) => each[i]))}px`; });
  }
}

/** A leaf that can be moved: by a slider, by typing, or by dragging its card. */
class Leaf {
  /** `changed(x, by)` hears of each number, `settled()` when the hand is off, `complain(why)` what is no number. */
  constructor(node, start, group, hint, { changed, settled, complain }) {
    Object.assign(this, { node, start, changed, settled, complain });
    const id = unique();
    const asTyped = { autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
    this.range = make("input", { type: "range", "aria-label": `${node.name}, slider` });
    this.box = make("input", { type: "text", id, size: 8, ...asTyped, "aria-describedby": hint.id });
    this.row = make("div", { class: "touch-leaf" }, make("label", { for: id }, node.name), this.range, this.box);
    this.show(node.data);
    this.range.addEventListener("input", () => changed(this.range.valueAsNumber, "hand"));
    this.range.addEventListener("change", settled);
    this.listenToBox();
    this.listenToCard(group);
  }

  /** Show a number; `by` says whether it came from the "hand" or the "box", which is left as it is then. */
  show(x, by) {
    if (by !== "hand") { // the slider goes as far as the number, and back to Python's
      const sizes = [x, this.start].map(Math.abs).map((size) => (size < 1e300 ? size : 0));
      Object.assign(this, reach(Math.max(...sizes)));
      set(this.range, { min: -this.most, max: this.most, step: this.step });
    }
    this.range.value = String(x);
    this.range.setAttribute("aria-valuetext", shown(x));
    this.box.removeAttribute("aria-invalid");
    if (by !== "box") this.box.value = written(x);
  }

  listenToBox() {
    const { box, node } = this;
    this.old = node.data; // before the reader began to type
    box.addEventListener("focus", () => { this.old = node.data; });
    box.addEventListener("input", () => this.read(false));
    box.addEventListener("change", () => {
      this.read(true);
      this.old = node.data;
      box.removeAttribute("aria-invalid");
      box.value = written(this.old); // what the engine has; the hint still says why
      this.settled();
    });
  }

  /** Take the number in the box, or say why it is none, unless more is to come. */
  read(isDone) {
    const { box, node, old } = this;
    const { x, fault } = typed(box.value);
    if (fault === undefined) {
      if (!isDone) this.changed(x, "box");
      return;
    }
    const isUnfinished = /^\s*[+−-]?\d*[.,]?\d*(e[+−-]?)?\s*$/i.test(box.value);
    if (isUnfinished && !isDone) return;
    if (!Object.is(node.data, old)) this.changed(old, "box");
    box.setAttribute("aria-invalid", "true");
    this.complain(`${fault} ${node.name} stays ${shown(old)}.`);
  }

  listenToCard(group) {
    group.classList.add("is-movable");
    let from = 0;
    let value = 0;
    drag(group, {
      start: (event) => {
        from = event.clientX;
        value = this.node.data;
        return Number.isFinite(value);
      },
      move: (event) => {
        const x = value + Math.round((event.clientX - from) / 4) * this.step;
        this.changed(Number(Math.min(this.most, Math.max(-this.most, x)).toFixed(10)), "hand");
      },
      end: this.settled,
    });
  }
}

class Stepper {
  constructor(shared) {
    const { picture, dock, figure, data } = shared;
    this.figure = figure;
    this.nodes = nodesOf(data);
    this.first = nodesOf(data); // as Python had them
    this.steps = trace(this.nodes);
    this.graph = new Graph(shared, this.nodes);
    this.story = new Story(this.nodes, data.sources);
    this.width = 0; // of the dock, for which the picture and the words are made to fit
    this.awake = false; // until the reader asks for a step, nothing runs along the edges
    this.counter = make("span", { class: "touch-counter", "aria-hidden": "true" });
    this.again = button("reset", "Reset the leaves", () => this.reset());
    this.again.disabled = true;
    const count = this.steps.length;
    this.transport = new Transport({
      figure, picture, count, start: count - 1, name: "Step", pause: 1500,
      words: (at) => `${at + 1} of ${count}`,
      go: (at, speak) => this.show(at, speak),
    });
    this.transport.bar.append(this.counter, this.again);
    this.hint = make("p", { class: "touch-hint", id: unique(), role: "status" }, HINT);
    dock.append(this.transport.bar, this.story.element, this.makeLeaves());
    this.transport.show(false);
    this.fit(dock.clientWidth);
    new ResizeObserver(() => this.fit(dock.clientWidth)).observe(dock);
    this.awake = true;
  }

  makeLeaves() {
    const fixed = fixedLeaves(this.nodes);
    this.leaves = new Map();
    this.nodes.forEach((node, i) => {
      if (node.inputs.length || fixed.has(i)) return;
      this.leaves.set(i, new Leaf(node, this.first[i].data, this.graph.cards[i].group, this.hint, {
        changed: (x, by) => this.change(i, x, by),
        settled: () => this.transport.show(true),
        complain: (why) => { this.hint.textContent = why; },
      }));
    });
    const rows = [...this.leaves.values()].map((leaf) => leaf.row);
    const box = make("div", { class: "touch-leaves", role: "group", "aria-label": "Leaves" }, ...rows);
    const unknown = this.nodes.find((node) => node.inputs.length && !node.rule);
    if (unknown) {
      const what = "it shows the numbers that Python has, and what leads to it stays as it is";
      box.append(make("p", { class: "touch-why" }, `This page does not know the rule ${unknown.op}: ${what}.`));
    }
    if (rows.length) box.append(this.hint);
    return box;
  }

  show(at, speak) {
    const step = this.steps[at];
    const passed = new Set(this.steps.slice(0, at + 1).map(({ kind, node }) => `${kind} ${node}`));
    const computed = this.nodes.map((node, i) => !node.inputs.length || passed.has(`forward ${i}`));
    this.counter.textContent = `${at + 1} / ${this.steps.length}`;
    this.story.story.setAttribute("aria-live", speak ? "polite" : "off");
    this.story.tell(step);
    this.figure.dataset.step = String(at);
    this.graph.show(step, computed);
    if (this.awake) this.graph.pulse(step.kind === "backward");
  }

  change(i, x, by) {
    this.nodes[i].data = x;
    this.leaves.get(i).show(x, by);
    this.hint.textContent = HINT;
    forward(this.nodes);
    this.steps = trace(this.nodes);
    this.again.disabled = false;
    this.transport.show(false);
  }

  reset() {
    this.first.forEach((node, i) => Object.assign(this.nodes[i], node));
    this.steps = trace(this.nodes);
    for (const [i, leaf] of this.leaves) leaf.show(this.nodes[i].data);
    this.hint.textContent = HINT;
    this.again.disabled = true;
    this.transport.show(true);
  }

  fit(width) {
    if (width === this.width) return;
    this.width = width;
    this.graph.fit();
    this.story.fit(this.steps);
    const before = this.awake;
    this.awake = false;
    this.transport.show(false);
    this.awake = before;
  }
}

// ---------------------------------------------------------------- paths of optimizers

/** The line through the points of a walk, and the points alone: what plane.py calls path_text and dots_text. */
export const pathText = (steps) => (steps.length > 2 ? `M${steps[0]} ${steps[1]}l${steps.slice(2).join(" ")}` : "");
export function dotsText(steps) {
  let text = `M${steps[0]} ${steps[1]}h0`;
  for (let i = 2; i < steps.length; i += 2) text += `m${steps[i]} ${steps[i + 1]}h0`;
  return text;
}

function paths({ part, dock, data }) {
  const { optimizers, rates, momenta, steps } = data;
  const [rate, momentum] = data.first;
  const at = { optimizer: 0, rate, momentum };
  const chosen = () => data.walks[(at.optimizer * rates.length + at.rate) * momenta.length + at.momentum];
  const said = make("p", { class: "touch-said", "aria-live": "polite" });
  const show = () => {
    const walk = chosen();
    const height = number(walk.height);
    part("path").setAttribute("d", pathText(walk.points));
    part("dots").setAttribute("d", dotsText(walk.points));
    const knobs = `lr ${shown(rates[at.rate])}, momentum ${shown(momenta[at.momentum])}`;
    part("title").textContent = `${optimizers[at.optimizer]}, ${knobs}: height ${shown(height)}`;
  };
  const speak = () => {
    const height = number(chosen().height);
    const verdict = height < data.height ? "it came down" : "it flew off";
    said.textContent = `From height ${shown(data.height)} ${verdict} to ${shown(height)} in ${steps} steps.`;
  };
  const choose = (key, i) => {
    at[key] = i;
    show();
  };
  const knob = (name, key, values) => slider(name, {
    min: 0, max: values.length - 1, step: 1, value: at[key],
    words: (i) => shown(values[i]),
    change: (i) => choose(key, i),
  });
  const sliders = [knob("learning rate", "rate", rates), knob("momentum", "momentum", momenta)];
  const pick = choice("Optimizer", optimizers, optimizers[0], (name) => {
    choose("optimizer", optimizers.indexOf(name));
    speak();
  });
  for (const { input } of sliders) input.addEventListener("change", speak);
  dock.append(pick, ...sliders, said);
  show();
  speak();
}

// ---------------------------------------------------------------- a boundary that bends

function boundary({ part, picture, dock, figure, data }) {
  const { frames } = data;
  const ended = (loss, words) => (loss === undefined ? "" : words + shown(loss)); // the end has no loss
  const title = ({ epoch, right, loss }) => `epoch ${epoch}: ${right} right${ended(loss, ", loss ")}`;
  const said = make("p", { class: "touch-said" });
  const line = new Transport({
    figure, picture, count: frames.length, start: frames.length - 1, name: "Epoch", pause: still() ? 700 : 130,
    words: (at) => title(frames[at]),
    go: (at, speak) => {
      const frame = frames[at];
      part("region").setAttribute("d", frame.region);
      const [cx, cy] = frame.dot ?? [0, 0];
      set(part("dot"), { cx, cy, visibility: frame.dot ? "visible" : "hidden" });
      part("title").textContent = title(frame);
      said.setAttribute("aria-live", speak ? "polite" : "off");
      const after = `After ${frame.epoch} ${frame.epoch === 1 ? "epoch" : "epochs"}`;
      const right = `puts ${frame.right} of the points on their side`;
      said.textContent = `${after} the model ${right}${ended(frame.loss, "; its loss is ")}.`;
    },
  });
  dock.append(line.bar, said);
  line.show(false);
}

// ---------------------------------------------------------------- a neuron and its line

/** The neuron's output at evenly spaced z, from one end of the plane to the other: neuron_shades of neuron.py. */
export function neuronShades(w1, w2, bias, bend, span, stops) {
  const most = span * (Math.abs(w1) + Math.abs(w2));
  const zs = Array.from({ length: stops + 1 }, (_, k) => bias - most + (bias + most - (bias - most)) * k / stops);
  if (-most < bias && bias < most) zs.push(0);
  return [...new Set(zs)].sort((a, b) => a - b).map((z) => [z, bend(z)[0]]);
}

const signed = (x) => (x < 0 ? shown(x).replace("−", "− ") : `+ ${shown(x)}`);

/** A straight line, as SVG writes it. */
const segment = (a, b) => `M${pair(a)}L${pair(b)}`;
const pair = (at) => at.map((n) => n.toFixed(1)).join(" ");

/** A line with a head at `b`. */
function arrow(a, b) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const [u, v] = [9 * (b[0] - a[0]) / length, 9 * (b[1] - a[1]) / length];
  const head = [-0.5, 0.5].map((side) => `M${pair(b)}l${pair([-u - side * v, -v + side * u])}`);
  return segment(a, b) + head.join("");
}

/** A neuron's plane: the arrow of its weights turns the line, the line shifts, the point goes where it is dragged. */
class Neuron {
  constructor({ svg, part, dock, data }) {
    const { plane, bias, activation, weights: [w1, w2], point: [x1, x2] } = data;
    Object.assign(this, { svg, part, data, plane, w1, w2, bias, activation, x1, x2 });
    [this.low, this.high] = plane.x;
    this.gradient = svg.querySelector("linearGradient");
    this.gradient.id = unique();
    part("window").querySelector("rect").setAttribute("fill", `url(#${this.gradient.id})`);
    this.said = make("p", { class: "touch-said", "aria-live": "off" });
    this.grips = this.makeGrips();
    this.knobs = [["w1", "w₁", 4], ["w2", "w₂", 4], ["bias", "b", 4], ["x1", "x₁", this.high], ["x2", "x₂", this.high]]
      .map(([key, name, most]) => this.makeKnob(key, name, most));
    const pick = choice("Activation", data.activations, activation, (name) => {
      this.activation = name;
      this.speak();
    });
    dock.append(pick, ...this.knobs.map(({ row }) => row), this.said);
    this.show();
  }

  /** What the activation makes of z: the result, and the slope. */
  bend(z) {
    return ruleOf(this.data.rules[this.activation])(z);
  }

  makeKnob(key, name, most) {
    const reachable = Math.max(most, Math.abs(this[key]));
    const change = (x) => {
      this[key] = x;
      this.show();
    };
    const row = slider(name, { min: -reachable, max: reachable, step: 0.05, value: this[key], change });
    row.input.addEventListener("change", () => this.speak());
    return { key, row };
  }

  /** Wide grips that nobody sees, over what can be dragged; a finger anywhere else scrolls the page. */
  makeGrips() {
    const grips = {
      line: draw("path", { class: "touch-grip" }),
      tip: draw("circle", { class: "touch-grip", r: 8 }),
      point: draw("circle", { class: "touch-grip", r: 8 }),
    };
    for (const [name, grip] of Object.entries(grips)) {
      this.part("window").append(grip);
      drag(grip, {
        anywhere: true,
        start: () => true,
        move: (event) => {
          this.drop(name, ...this.inPlane(event));
          for (const { key, row } of this.knobs) row.show(this[key]);
          this.show();
        },
        end: () => this.speak(),
      });
    }
    return grips;
  }

  /** Put the line, the tip of the arrow or the point where the pointer is, as far as the knobs allow. */
  drop(name, a, b) {
    const rounded = (x, most) => Math.round(Math.min(most, Math.max(-most, x)) * 20) / 20;
    if (name === "line") this.bias = rounded(-(this.w1 * a + this.w2 * b), 4);
    else if (name === "point") [this.x1, this.x2] = [rounded(a, this.high), rounded(b, this.high)];
    else {
      // The foot moves when the weights do. With w = s·p/|p| the tip is at p where s − bias/s = |p|.
      const size = Math.hypot(a, b) || 1;
      const root = Math.sqrt(Math.max(0, size * size + 4 * this.bias));
      const far = ([w1, w2]) => Math.hypot(w1 - this.w1, w2 - this.w2);
      [this.w1, this.w2] = [(size + root) / 2, (size - root) / 2]
        .map((s) => [rounded(s * a / size, 4), rounded(s * b / size, 4)])
        .sort((p, q) => far(p) - far(q))[0];
    }
  }

  /** Where a pointer is, as numbers of the plane. */
  inPlane(event) {
    const { plane, low, high } = this;
    const [x, y] = place(this.svg, event);
    return [low + (x - plane.left) / plane.width * (high - low), high - (y - plane.top) / plane.height * (high - low)];
  }

  /** Where a point of the plane is, in pixels of the window. */
  pixel(a, b) {
    const { plane, low, high } = this;
    return [(a - low) / (high - low) * plane.width, (high - b) / (high - low) * plane.height];
  }

  /** The point on the line through the origin along the weights where w1·x1 + w2·x2 = z: along_weights of neuron.py. */
  alongWeights(z) {
    const square = this.w1 ** 2 + this.w2 ** 2;
    return square ? [this.w1 / square * z, this.w2 / square * z] : [0, 0];
  }

  show() {
    this.showShade();
    this.showLine();
    const [cx, cy] = this.pixel(this.x1, this.x2);
    set(this.part("point"), { cx, cy });
    set(this.grips.point, { cx, cy });
    this.tell();
  }

  showShade() {
    const { w1, w2, bias, activation, data } = this;
    const shades = neuronShades(w1, w2, bias, (z) => this.bend(z), this.high, data.stops);
    const [first, last] = [shades[0][0], shades.at(-1)[0]];
    const strongest = data.strongest[activation] ?? 1;
    const [positive, negative] = data.colors;
    this.gradient.replaceChildren(...shades.flatMap(([z, out]) => {
      const colors = [...(out <= 0 ? [negative] : []), ...(out >= 0 ? [positive] : [])]; // at 0, from one to the other
      return colors.map((color) => draw("stop", {
        offset: ((z - first) / (last - first || 1)).toFixed(4),
        "stop-color": color,
        "stop-opacity": (0.8 * Math.min(1, Math.abs(out) / strongest)).toFixed(3),
      }));
    }));
    const [[x1, y1], [x2, y2]] = [first, last].map((z) => this.pixel(...this.alongWeights(z - bias)));
    set(this.gradient, { x1, y1, x2, y2 });
  }

  showLine() {
    const { w1, w2 } = this;
    const size = Math.sqrt(w1 * w1 + w2 * w2);
    const visibility = size ? "visible" : "hidden";
    const foot = this.alongWeights(-this.bias);
    const far = 20 / (size || 1);
    const ends = [-far, far].map((side) => this.pixel(foot[0] - side * w2, foot[1] + side * w1));
    const line = segment(...ends);
    const [from, tip] = [this.pixel(...foot), this.pixel(foot[0] + w1, foot[1] + w2)];
    set(this.part("line"), { d: line, visibility });
    set(this.part("arrow"), { d: arrow(from, tip), visibility });
    set(this.grips.line, { d: line });
    set(this.grips.tip, { cx: tip[0], cy: tip[1] });
  }

  tell() {
    const { w1, w2, bias, x1, x2, activation } = this;
    const terms = `${shown(w1)}·x₁ ${signed(w2)}·x₂ ${signed(bias)}`;
    this.part("title").textContent = activation === "linear" ? terms : `${activation}(${terms})`;
    const z = 0 + w1 * x1 + w2 * x2 + bias;
    const products = `${bracketed(w1)} × ${bracketed(x1)} + ${bracketed(w2)} × ${bracketed(x2)}`;
    const bent = activation === "linear" ? "" : `, and ${activation}(z) = ${shown(this.bend(z)[0])}`;
    const at = `At the point (${shown(x1)}, ${shown(x2)})`;
    this.said.textContent = `${at}, z = ${products} + ${bracketed(bias)} = ${shown(z)}${bent}.`;
  }

  /** Show all, and say it aloud. */
  speak() {
    this.said.setAttribute("aria-live", "polite");
    this.show();
    this.said.setAttribute("aria-live", "off");
  }
}

// ---------------------------------------------------------------- every kind of figure

const FIGURES = { stepper: (shared) => new Stepper(shared), paths, boundary, neuron: (shared) => new Neuron(shared) };

/** Show a figure in `el`. The model says what it is: `get("kind")`, `get("svg")`, `get("data")`, `get("alt")`. */
function render({ model, el }) {
  FIGURES[model.get("kind")](frame(model, el));
}

export default { render };

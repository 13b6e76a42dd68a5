/**
 * The figures that can be touched: one module for JupyterLab (as an anywidget), for the static page and for the
 * page's live Python. It needs no other code. Each figure starts from a complete picture, the SVG that
 * figures.py drew, and moves its parts.
 */

// ---------------------------------------------------------------- the rules of ops.py, name by name

/** aᵇ as IEEE 754 defines it: JavaScript has nan where the base is ±1 and the exponent has no end, or is nan. */
function raised(a, b) {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return a ** b;
}

/** The natural logarithm: −inf at both zeros, nan below. */
const logarithm = (a) => Math.log(a);

/** Each takes numbers and returns the result and one local derivative for each input. */
export const rules = {
  add: (a, b) => [a + b, [1, 1]],
  sub: (a, b) => [a - b, [1, -1]],
  neg: (a) => [-a, [-1]],
  mul: (a, b) => [a * b, [b, a]],
  div(a, b) {
    const quotient = a / b;
    return [quotient, [1 / b, -(quotient / b)]];
  },
  exp(a) {
    const result = Math.exp(a);
    return [result, [result]];
  },
  log: (a) => [logarithm(a), [1 / a]],
  pow(a, b) {
    const result = raised(a, b);
    const da = b ? b * raised(a, b - 1) : Number.isNaN(b) ? NaN : 0;
    const db = (a !== 0) || !(b >= 0) ? result * logarithm(a) : 0;
    return [result, [da, db]];
  },
  abs: (a) => [Math.abs(a), [a > 0 ? 1 : a < 0 ? -1 : 0]],
  relu: (a) => (a <= 0 ? [0, [0]] : [a, [1]]),
  tanh(a) {
    const t = Math.tanh(a);
    return [t, [1 - t * t]];
  },
  sigmoid(a) {
    const s = 1 / (1 + Math.exp(-a));
    return [s, [s * (1 - s)]];
  },
  dot(...ab) {
    const half = ab.length >> 1;
    const a = ab.slice(0, half);
    const b = ab.slice(half);
    let result = 0;
    for (let i = 0; i < half; i += 1) result += a[i] * b[i];
    return [result, [...b, ...a]];
  },
  total(...a) {
    let result = 0;
    for (const x of a) result += x;
    return [result, a.map(() => 1)];
  },
  mean(...a) {
    return [rules.total(...a)[0] / a.length, a.map(() => 1 / a.length)];
  },
};

/** The rule of aⁿ for one constant n. */
export const power = (n) => (a) => [raised(a, n), [n ? n * raised(a, n - 1) : Number.isNaN(n) ? NaN : 0]];

/** The rule with this name, made with these numbers; undefined if this page does not know it. */
export function ruleOf(name, made = []) {
  return name === "power" ? power(...made) : rules[name];
}

// ---------------------------------------------------------------- numbers and words

/** A number as figures.py wrote it: JSON has no nan and no infinities, so they come by name. */
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
  const plain = text.trim().replaceAll("−", "-");
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(plain)) return { fault: `“${text}” is no number: write one such as 1.5, −2 or 3e−4.` };
  if (/\d,\d{3}$/.test(plain)) return { fault: `“${text}” may be read in two ways: write ${plain.replace(",", "")} or ${plain.replace(",", ".")}.` };
  const x = Number(plain.replace(",", "."));
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

/** The nodes as figures.py wrote them, inputs before outputs. @returns {Node[]} */
export function nodesOf(data) {
  return data.nodes.map((row) => ({
    ...row,
    data: number(row.data),
    inputs: row.inputs ?? [],
    local: (row.local ?? []).map(number),
    rule: row.rule && ruleOf(row.rule, row.with.map(number)),
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

/** An SVG element with attributes. */
function draw(name, attributes = {}) {
  const element = document.createElementNS(SVG, name);
  set(element, attributes);
  return element;
}

function set(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
}

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

/** A name that no other element on the page has. Jupyter loads this module anew for each figure, so nothing can count. */
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
  element.addEventListener("touchstart", ({ touches: [finger] }) => { first = finger; ours = anywhere; }, { passive: true });
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
    const follow = (next) => move(next);
    const leave = () => {
      element.removeEventListener("pointermove", follow);
      for (const kind of ["pointerup", "pointercancel"]) element.removeEventListener(kind, leave);
      end();
    };
    element.addEventListener("pointermove", follow);
    for (const kind of ["pointerup", "pointercancel"]) element.addEventListener(kind, leave);
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
  return { svg, picture, dock, figure, data: model.get("data") };
}

/**
 * Buttons and a slider to go through numbered states; space, arrows, home and end do the same.
 * While it plays, nothing is said aloud: `go` is told whether to speak.
 */
function transport({ figure, picture, count, start, name, words, pause, go }) {
  let at = start;
  let timer = 0;
  const playing = () => timer !== 0;
  const range = make("input", { type: "range", min: "0", max: String(count - 1), step: "1", "aria-label": name });
  const show = (speak) => {
    range.value = String(at);
    range.setAttribute("aria-valuetext", words(at));
    back.disabled = at === 0;
    next.disabled = at === count - 1;
    go(at, speak);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    play.become("play", "Play");
  };
  const to = (step) => {
    stop();
    at = Math.min(count - 1, Math.max(0, step));
    show(true);
  };
  const tick = () => {
    timer = setTimeout(() => {
      if (!figure.isConnected) return stop();
      at += 1;
      if (at === count - 1) stop();
      show(at === count - 1);
      if (playing()) tick();
      return undefined;
    }, pause);
  };
  const toggle = () => {
    if (playing()) {
      stop();
      show(true);
    } else {
      if (at === count - 1) at = 0;
      play.become("pause", "Pause");
      tick();
      show(false);
    }
  };
  const back = button("back", "Step back", () => to(at - 1));
  const play = button("play", "Play", toggle);
  const next = button("next", "Step forward", () => to(at + 1));
  range.addEventListener("input", () => to(range.valueAsNumber));
  const keys = {
    ArrowLeft: () => to(at - 1),
    ArrowRight: () => to(at + 1),
    Home: () => to(0),
    End: () => to(count - 1),
    " ": toggle,
  };
  for (const place of [picture, range]) {
    place.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
  set(picture, { tabindex: "0", role: "group", "aria-label": `${name}: arrows, space, home and end go through it` });
  const bar = make("div", { class: "touch-transport" }, back, play, next, range);
  return { bar, show, to, at: () => at, playing };
}

// ---------------------------------------------------------------- the stepper

/** How a node was computed, with the numbers in it: "2 × 3", "tanh(0.8814)". */
function formula(node, nodes) {
  const x = node.inputs.map((i) => nodes[i].data);
  if (x.length === 2 && ["+", "-", "*", "/"].includes(node.op)) return `${bracketed(x[0])} ${node.sign} ${bracketed(x[1])}`;
  if (node.op.startsWith("**")) return `${bracketed(x[0])}**${x.length === 2 ? bracketed(x[1]) : node.op.slice(2)}`;
  if (node.op === "neg") return `−${bracketed(x[0])}`;
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
    const locals = node.local.map((x, k) => `moves ${shown(x)} times as far as ${nodes[node.inputs[k]].name}`);
    return [`Forward: ${result}. It also notes its local derivatives.`, locals];
  }
  if (step.kind === "root") {
    return [`Backward starts at the root: ${node.name} moves once as far as itself.`, [`${gradOf(node)} = ${shown(step.grads[step.node])}`]];
  }
  const rows = step.shares.map(({ to, local, before, after }) => {
    const product = `${bracketed(local)} × ${bracketed(step.grads[step.node])}`;
    return `${gradOf(nodes[to])} = ${shown(before)} + ${product} = ${shown(after)}`;
  });
  return [`Backward: ${node.name} hands on its gradient, ${shown(step.grads[step.node])}, times each local derivative.`, rows];
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

function stepper(shared) {
  const { svg, picture, dock, figure, data } = shared;
  const nodes = nodesOf(data);
  const first = nodesOf(data); // as Python had them
  const fixed = fixedLeaves(nodes);
  const groups = [...svg.querySelectorAll("[data-part=node]")];
  const edges = [...svg.querySelectorAll("[data-part=edge]")];
  const notes = [...svg.querySelectorAll("[data-part=note]")];
  const ends = nodes.flatMap((node, to) => node.inputs.map((from, k) => ({ from, to, k })));
  const cards = groups.map((group, i) => {
    const numbers = [...group.querySelectorAll("text[text-anchor=end]")];
    const card = group.querySelector("[data-part=card]");
    group.querySelector("title")?.remove(); // it would tell the numbers of the printed picture
    if (numbers[0].previousElementSibling.previousElementSibling === card) {
      // a card without a label: the steps call it by another name, so that name stands above it
      const [x, y] = ["x", "y"].map((name) => Number(card.getAttribute(name)));
      const name = draw("text", { x: x + (nodes[i].inputs.length ? 16 : 4), y: y - 3, class: "touch-name" });
      name.textContent = nodes[i].name;
      group.append(name);
    }
    return { group, card, data: numbers[0], grad: numbers[1] };
  });
  svg.style.minWidth = `${0.66 * svg.getAttribute("width")}px`; // larger letters would not fit on smaller cards
  let steps = trace(nodes);
  let awake = false;

  const said = make("p", { class: "touch-said" });
  const rows = make("ul", { class: "touch-rows" });
  const story = make("div", { class: "touch-story", "aria-live": "polite", role: "group", "aria-label": "This step" }, said, rows);
  const ruleName = make("p", { class: "touch-rule-name" });
  const ruleLines = make("pre", { tabindex: "0", "aria-label": "The rule of this step" });
  const ruleBox = make("div", { class: "touch-rule" }, ruleName, ruleLines);

  /** Make a text as narrow as the room that it has. */
  const squeeze = (text, room) => {
    text.removeAttribute("textLength");
    if (text.getComputedTextLength?.() > room) set(text, { textLength: room.toFixed(1), lengthAdjust: "spacingAndGlyphs" });
  };
  /** Write a number on a card. */
  const write = (text, x, hidden) => {
    text.textContent = hidden ? "" : shown(x);
    const key = text.previousElementSibling;
    const start = Number(key.getAttribute("x")) + (key.getComputedTextLength?.() ?? 0) + 4;
    squeeze(text, Number(text.getAttribute("x")) - start);
  };

  const pulses = () => {
    svg.querySelectorAll(".touch-pulse").forEach((dot) => dot.remove());
    if (still()) return;
    const backward = steps[line.at()].kind === "backward";
    for (const edge of svg.querySelectorAll("[data-part=edge].is-busy")) {
      const length = edge.getTotalLength() - 11; // without the arrow's head
      const dot = draw("circle", { r: 4, class: `touch-pulse ${backward ? "is-backward" : "is-forward"}` });
      edge.parentNode.after(dot);
      const begin = performance.now();
      const move = (now) => {
        const share = Math.min(1, (now - begin) / 550);
        const at = edge.getPointAtLength(length * (backward ? 1 - share : share));
        set(dot, { cx: at.x, cy: at.y });
        if (share < 1 && dot.isConnected) requestAnimationFrame(move);
        else dot.remove();
      };
      requestAnimationFrame(move);
    }
  };

  /** Bring the node at work into sight, where the picture is wider than the screen. */
  const follow = (node) => {
    if (node < 0 || picture.scrollWidth <= picture.clientWidth) return;
    const box = cards[node].group.getBoundingClientRect();
    const seen = picture.getBoundingClientRect();
    const off = Math.min(0, box.left - seen.left - 90) + Math.max(0, box.right - seen.right + 16);
    picture.scrollBy({ left: off, behavior: still() ? "auto" : "smooth" });
  };

  const show = (at, speak) => {
    const step = steps[at];
    const passed = new Set(steps.slice(0, at + 1).map(({ kind, node }) => `${kind} ${node}`));
    const computed = nodes.map((node, i) => !node.inputs.length || passed.has(`forward ${i}`));
    const backward = step.kind === "backward" || step.kind === "root";
    cards.forEach(({ group, data: dataText, grad }, i) => {
      write(dataText, nodes[i].data, !computed[i]);
      write(grad, step.grads[i], !computed[i]);
      group.classList.toggle("is-waiting", !computed[i]);
      group.classList.toggle("is-forward", i === step.node && step.kind === "forward");
      group.classList.toggle("is-backward", i === step.node && backward);
      const touched = nodes[step.node]?.inputs.includes(i) ?? false;
      group.classList.toggle("is-source", touched && step.kind === "forward");
      group.classList.toggle("is-target", touched && step.kind === "backward");
    });
    ends.forEach(({ to, k }, i) => {
      const busy = to === step.node && (step.kind === "forward" || step.kind === "backward");
      edges[i].classList.toggle("is-busy", busy);
      edges[i].classList.toggle("is-forward", busy && step.kind === "forward");
      edges[i].classList.toggle("is-backward", busy && step.kind === "backward");
      edges[i].classList.toggle("is-waiting", !computed[to]);
      notes[i].textContent = computed[to] ? shown(nodes[to].local[k]) : "";
      notes[i].classList.toggle("is-busy", busy);
    });
    story.setAttribute("aria-live", speak ? "polite" : "off");
    tell(step);
    figure.dataset.step = String(at);
    follow(step.node);
    if (awake) pulses();
  };

  /** Write what a step does, and the rule that it follows. */
  const tell = (step) => {
    const [sentence, lines] = told(step, nodes);
    said.textContent = sentence;
    rows.classList.toggle("is-leaves", step.kind === "leaves"); // they stand side by side
    rows.replaceChildren(...lines.map((text) => make("li", {}, text)));
    const source = step.node >= 0 ? data.sources[nodes[step.node].source] : undefined;
    if (step.kind === "leaves" || step.kind === "root") {
      ruleName.textContent = "";
      ruleLines.replaceChildren();
    } else if (source) {
      ruleName.textContent = `${source.name}(${source.arguments.join(", ")})`;
      ruleLines.replaceChildren(ruleText(source, step.kind));
    } else {
      ruleName.textContent = `${nodes[step.node].op} is a rule of your own`;
      ruleLines.replaceChildren("To see its lines here, name it:\nstepper(root, rules=[…])");
    }
  };

  const count = steps.length;
  const line = transport({
    figure, picture, count, start: count - 1, name: "Step", pause: 1500,
    words: (at) => `${at + 1} of ${count}`,
    go: (at, speak) => {
      counter.textContent = `${at + 1} / ${count}`;
      show(at, speak);
    },
  });
  const counter = make("span", { class: "touch-counter", "aria-hidden": "true" });
  line.bar.append(counter);

  const inputs = new Map();
  const again = button("reset", "Reset the leaves", () => {});
  again.disabled = true;
  line.bar.append(again);
  const hint = make("p", { class: "touch-hint", id: unique(), role: "status" }, HINT);
  const changed = (i, x, by) => {
    nodes[i].data = x;
    inputs.get(i).show(x, by);
    hint.textContent = HINT;
    forward(nodes);
    steps = trace(nodes);
    again.disabled = false;
    line.show(false);
  };
  again.addEventListener("click", () => {
    first.forEach((node, i) => Object.assign(nodes[i], node));
    steps = trace(nodes);
    for (const [i, row] of inputs) row.show(nodes[i].data);
    hint.textContent = HINT;
    again.disabled = true;
    line.show(true);
  });

  const leaves = make("div", { class: "touch-leaves", role: "group", "aria-label": "Leaves" });
  nodes.forEach((leaf, i) => {
    if (leaf.inputs.length || fixed.has(i)) return;
    let most = 0;
    let step = 0;
    const id = unique();
    const range = make("input", { type: "range", "aria-label": `${leaf.name}, slider` });
    const box = make("input", { type: "text", id, size: 8, autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": hint.id });
    const row = make("div", { class: "touch-leaf" }, make("label", { for: id }, leaf.name), range, box);
    row.show = (x, by) => {
      if (by !== "hand") { // the slider goes as far as the number, and back to Python's
        ({ most, step } = reach(Math.max(...[x, first[i].data].map((each) => (Math.abs(each) < 1e300 ? Math.abs(each) : 0)))));
        set(range, { min: -most, max: most, step });
      }
      range.value = String(x);
      range.setAttribute("aria-valuetext", shown(x));
      box.removeAttribute("aria-invalid");
      if (by !== "box") box.value = written(x);
    };
    row.show(leaf.data);
    range.addEventListener("input", () => changed(i, range.valueAsNumber, "hand"));
    range.addEventListener("change", () => line.show(true));
    let old = leaf.data; // before the reader began to type
    const read = (isDone) => {
      const { x, fault } = typed(box.value);
      if (fault === undefined) {
        if (!isDone) changed(i, x, "box");
        return;
      }
      const isUnfinished = /^\s*[+−-]?\d*[.,]?\d*(e[+−-]?)?\s*$/i.test(box.value); // more is to come
      if (isUnfinished && !isDone) return;
      if (!Object.is(nodes[i].data, old)) changed(i, old, "box");
      box.setAttribute("aria-invalid", "true");
      hint.textContent = `${fault} ${leaf.name} stays ${shown(old)}.`;
    };
    box.addEventListener("focus", () => { old = nodes[i].data; });
    box.addEventListener("input", () => read(false));
    box.addEventListener("change", () => {
      read(true);
      old = nodes[i].data;
      box.removeAttribute("aria-invalid");
      box.value = written(old); // what the engine has; the hint still says why
      line.show(true);
    });
    inputs.set(i, row);
    leaves.append(row);

    cards[i].group.classList.add("is-movable");
    let from = 0;
    let value = 0;
    drag(cards[i].group, {
      start: (event) => {
        from = event.clientX;
        value = nodes[i].data;
        return Number.isFinite(value);
      },
      move: (event) => {
        const x = value + Math.round((event.clientX - from) / 4) * step;
        changed(i, Number(Math.min(most, Math.max(-most, x)).toFixed(10)), "hand");
      },
      end: () => line.show(true),
    });
  });
  const unknown = nodes.find((node) => node.inputs.length && !node.rule);
  if (unknown) {
    const why = `This page does not know the rule ${unknown.op}: it shows the numbers that Python has, and what leads to it stays as it is.`;
    leaves.append(make("p", { class: "touch-why" }, why));
  }
  if (inputs.size) leaves.append(hint);
  dock.append(line.bar, make("div", { class: "touch-two" }, story, ruleBox), leaves);
  line.show(false);

  /** Keep letters readable where the picture is narrowed, and each box of words as high as its longest step. */
  let wide = 0;
  const fit = () => {
    if (dock.clientWidth === wide) return;
    wide = dock.clientWidth;
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    svg.style.setProperty("--touch-letters", `${(LETTERS / (scale || 1)).toFixed(2)}px`);
    for (const badge of svg.querySelectorAll("[data-part=badge]")) squeeze(badge.nextElementSibling, badge.getAttribute("width") - 6);
    story.style.minHeight = ruleBox.style.minHeight = "";
    const high = steps.reduce(([a, b], step) => {
      tell(step);
      return [Math.max(a, story.offsetHeight), Math.max(b, ruleBox.offsetHeight)];
    }, [0, 0]);
    [story.style.minHeight, ruleBox.style.minHeight] = high.map((height) => `${height}px`);
    const before = awake;
    awake = false;
    line.show(false);
    awake = before;
  };
  fit();
  new ResizeObserver(fit).observe(dock);
  awake = true; // from here on it was the reader who asked for a step
}

// ---------------------------------------------------------------- paths of optimizers

/** The line through the points of a walk, and the points alone: what figures.py calls path_text and dots_text. */
export const pathText = (steps) => (steps.length > 2 ? `M${steps[0]} ${steps[1]}l${steps.slice(2).join(" ")}` : "");
export function dotsText(steps) {
  let text = `M${steps[0]} ${steps[1]}h0`;
  for (let i = 2; i < steps.length; i += 2) text += `m${steps[i]} ${steps[i + 1]}h0`;
  return text;
}

function paths({ svg, dock, data }) {
  const part = (name) => svg.querySelector(`[data-part=${name}]`);
  const { optimizers, rates, momenta, steps } = data;
  let [rate, momentum] = data.first;
  let optimizer = 0;
  const chosen = () => data.walks[(optimizer * rates.length + rate) * momenta.length + momentum];
  const said = make("p", { class: "touch-said", "aria-live": "polite" });
  const show = () => {
    const walk = chosen();
    const height = number(walk.height);
    part("path").setAttribute("d", pathText(walk.points));
    part("dots").setAttribute("d", dotsText(walk.points));
    const knobs = `lr ${shown(rates[rate])}, momentum ${shown(momenta[momentum])}`;
    part("title").textContent = `${optimizers[optimizer]}, ${knobs}: height ${shown(height)}`;
  };
  const speak = () => {
    const height = number(chosen().height);
    const verdict = height < data.height ? "it came down" : "it flew off";
    said.textContent = `From height ${shown(data.height)} ${verdict} to ${shown(height)} in ${steps} steps.`;
  };
  const pick = choice("Optimizer", optimizers, optimizers[0], (name) => {
    optimizer = optimizers.indexOf(name);
    show();
    speak();
  });
  const sliders = [
    slider("learning rate", {
      min: 0, max: rates.length - 1, step: 1, value: rate, words: (i) => shown(rates[i]),
      change: (i) => { rate = i; show(); },
    }),
    slider("momentum", {
      min: 0, max: momenta.length - 1, step: 1, value: momentum, words: (i) => shown(momenta[i]),
      change: (i) => { momentum = i; show(); },
    }),
  ];
  for (const { input } of sliders) input.addEventListener("change", speak);
  dock.append(pick, ...sliders, said);
  show();
  speak();
}

// ---------------------------------------------------------------- a boundary that bends

function boundary({ svg, picture, dock, figure, data }) {
  const part = (name) => svg.querySelector(`[data-part=${name}]`);
  const { frames } = data;
  const title = ({ epoch, right, loss }) => `epoch ${epoch}: ${right} right, loss ${shown(loss)}`;
  const said = make("p", { class: "touch-said" });
  const line = transport({
    figure, picture, count: frames.length, start: frames.length - 1, name: "Epoch", pause: still() ? 700 : 130,
    words: (at) => title(frames[at]),
    go: (at, speak) => {
      const frame = frames[at];
      part("region").setAttribute("d", frame.region);
      set(part("dot"), { cx: frame.dot[0], cy: frame.dot[1] });
      part("title").textContent = title(frame);
      said.setAttribute("aria-live", speak ? "polite" : "off");
      said.textContent = `After ${frame.epoch} ${frame.epoch === 1 ? "epoch" : "epochs"} the model puts ${frame.right} of the points on their side; its loss is ${shown(frame.loss)}.`;
    },
  });
  dock.append(line.bar, said);
  line.show(false);
}

// ---------------------------------------------------------------- a neuron and its line

const bends = { relu: rules.relu, tanh: rules.tanh, sigmoid: rules.sigmoid, linear: (v) => [v, [1]] };

/** The neuron's output at evenly spaced z, from one end of the plane to the other: neuron_shades of figures.py. */
export function neuronShades(w1, w2, bias, activation, span, stops) {
  const most = span * (Math.abs(w1) + Math.abs(w2));
  const zs = Array.from({ length: stops + 1 }, (_, k) => bias - most + (bias + most - (bias - most)) * k / stops);
  if (-most < bias && bias < most) zs.push(0);
  return [...new Set(zs)].sort((a, b) => a - b).map((z) => [z, bends[activation](z)[0]]);
}

const signed = (x) => (x < 0 ? shown(x).replace("−", "− ") : `+ ${shown(x)}`);

function neuron({ svg, dock, data }) {
  const part = (name) => svg.querySelector(`[data-part=${name}]`);
  const { plane } = data;
  const [low, high] = plane.x;
  let [w1, w2] = data.weights;
  let { bias, activation } = data;
  let [x1, x2] = data.point;
  const pixel = (a, b) => [(a - low) / (high - low) * plane.width, (high - b) / (high - low) * plane.height];
  const shade = svg.querySelector("linearGradient");
  shade.id = unique();
  part("window").querySelector("rect").setAttribute("fill", `url(#${shade.id})`);
  const point = (at) => at.map((n) => n.toFixed(1)).join(" ");
  const grips = {
    line: draw("path", { class: "touch-grip" }),
    tip: draw("circle", { class: "touch-grip", r: 8 }),
    point: draw("circle", { class: "touch-grip", r: 8 }),
  };
  const said = make("p", { class: "touch-said", "aria-live": "off" });

  const show = () => {
    const shades = neuronShades(w1, w2, bias, activation, high, data.stops);
    const [first, last] = [shades[0][0], shades.at(-1)[0]];
    const strongest = data.strongest[activation] ?? 1;
    const [positive, negative] = data.colors;
    shade.replaceChildren(...shades.flatMap(([z, out]) => {
      const colors = [...(out <= 0 ? [negative] : []), ...(out >= 0 ? [positive] : [])]; // at 0, from one to the other
      return colors.map((color) => draw("stop", {
        offset: ((z - first) / (last - first || 1)).toFixed(4),
        "stop-color": color,
        "stop-opacity": (0.8 * Math.min(1, Math.abs(out) / strongest)).toFixed(3),
      }));
    }));
    const length = w1 * w1 + w2 * w2;
    const along = length ? [w1 / length, w2 / length] : [0, 0];
    const on = (z) => pixel(along[0] * (z - bias), along[1] * (z - bias));
    const [[ax, ay], [bx, by]] = [on(first), on(last)];
    set(shade, { x1: ax, y1: ay, x2: bx, y2: by });
    const foot = [-bias * along[0], -bias * along[1]];
    const far = 20 / (Math.sqrt(length) || 1);
    const ends = [-far, far].map((side) => pixel(foot[0] - side * w2, foot[1] + side * w1));
    set(part("line"), { d: `M${point(ends[0])}L${point(ends[1])}`, visibility: length ? "visible" : "hidden" });
    const [from, tip] = [pixel(...foot), pixel(foot[0] + w1, foot[1] + w2)];
    const size = Math.hypot(tip[0] - from[0], tip[1] - from[1]) || 1;
    const [u, v] = [9 * (tip[0] - from[0]) / size, 9 * (tip[1] - from[1]) / size];
    const head = [-0.5, 0.5].map((side) => `M${point(tip)}l${point([-u - side * v, -v + side * u])}`);
    set(part("arrow"), { d: `M${point(from)}L${point(tip)}${head.join("")}`, visibility: length ? "visible" : "hidden" });
    const [cx, cy] = pixel(x1, x2);
    set(part("point"), { cx, cy });
    set(grips.line, { d: part("line").getAttribute("d") });
    set(grips.tip, { cx: tip[0], cy: tip[1] });
    set(grips.point, { cx, cy });
    const terms = `${shown(w1)}·x₁ ${signed(w2)}·x₂ ${signed(bias)}`;
    part("title").textContent = activation === "linear" ? terms : `${activation}(${terms})`;
    const z = rules.add(rules.dot(w1, w2, x1, x2)[0], bias)[0];
    const sum = `${bracketed(w1)} × ${bracketed(x1)} + ${bracketed(w2)} × ${bracketed(x2)} + ${bracketed(bias)} = ${shown(z)}`;
    const out = shown(bends[activation](z)[0]);
    said.textContent = `At the point (${shown(x1)}, ${shown(x2)}), z = ${sum}${activation === "linear" ? "" : `, and ${activation}(z) = ${out}`}.`;
  };
  const speak = () => {
    said.setAttribute("aria-live", "polite");
    show();
    said.setAttribute("aria-live", "off");
  };

  const knob = (name, value, most, change) => {
    const reachable = Math.max(most, Math.abs(value));
    const row = slider(name, { min: -reachable, max: reachable, step: 0.05, value, change: (x) => { change(x); show(); } });
    row.input.addEventListener("change", speak);
    return row;
  };
  const knobs = [
    knob("w₁", w1, 4, (x) => { w1 = x; }),
    knob("w₂", w2, 4, (x) => { w2 = x; }),
    knob("b", bias, 4, (x) => { bias = x; }),
    knob("x₁", x1, high, (x) => { x1 = x; }),
    knob("x₂", x2, high, (x) => { x2 = x; }),
  ];
  const refresh = () => {
    [w1, w2, bias, x1, x2].forEach((x, i) => knobs[i].show(x));
    show();
  };
  const pick = choice("Activation", data.activations, activation, (name) => {
    activation = name;
    speak();
  });

  // The tip of the arrow turns the line, the line itself shifts, and the point goes where it is dragged. Each has a
  // wide grip that nobody sees; a finger anywhere else scrolls the page.
  const inPlane = (event) => {
    const [px, py] = place(svg, event);
    return [low + (px - plane.left) / plane.width * (high - low), high - (py - plane.top) / plane.height * (high - low)];
  };
  const rounded = (x, most) => Math.round(Math.min(most, Math.max(-most, x)) * 20) / 20;
  const moves = {
    line: (a, b) => { bias = rounded(-(w1 * a + w2 * b), 4); },
    tip: (a, b) => {
      // The foot moves when the weights do. With w = s·p/|p| the tip is at p where s − bias/s = |p|.
      const size = Math.hypot(a, b) || 1;
      const root = Math.sqrt(Math.max(0, size * size + 4 * bias));
      [w1, w2] = [(size + root) / 2, (size - root) / 2]
        .map((s) => [rounded(s * a / size, 4), rounded(s * b / size, 4)])
        .sort((p, q) => Math.hypot(p[0] - w1, p[1] - w2) - Math.hypot(q[0] - w1, q[1] - w2))[0];
    },
    point: (a, b) => { [x1, x2] = [rounded(a, high), rounded(b, high)]; },
  };
  for (const [name, move] of Object.entries(moves)) {
    part("window").append(grips[name]);
    drag(grips[name], {
      anywhere: true,
      start: () => true,
      move: (event) => {
        move(...inPlane(event));
        refresh();
      },
      end: speak,
    });
  }
  dock.append(pick, ...knobs, said);
  show();
}

// ---------------------------------------------------------------- every kind of figure

const kinds = { stepper, paths, boundary, neuron };

/** Show a figure in `el`. The model says what it is: `get("kind")`, `get("svg")`, `get("data")`, `get("alt")`. */
function render({ model, el }) {
  kinds[model.get("kind")](frame(model, el));
}

export default { render };

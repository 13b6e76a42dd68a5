/** The controls of `interact`: native inputs with labels, whose values go to the page's Python. */

import { make, Outputs } from "./outputs.js";

/** The digits that show a step of this size. @param {number} step */
const digits = (step) => (Number.isInteger(step) ? 0 : Math.min(6, String(step).split(".")[1]?.length ?? 0));

/** One control: its row, and how to read it. */
function row(spec, id, changed) {
  const label = make("label", { htmlFor: id, textContent: spec.label });
  const readout = make("output", { htmlFor: id, className: "live-readout" });
  const options = spec.labels?.map((text, i) => make("option", { value: i, textContent: text }));
  const input = options ? make("select", { id }, ...options) : make("input", { id, type: spec.kind });
  const held = spec.kind === "checkbox" ? "checked" : "value";
  for (const name of ["min", "max", "step"]) if (name in spec) input[name] = spec[name];
  input[held] = spec.value;
  const isNumber = spec.kind !== "checkbox" && spec.kind !== "text";
  const read = () => (isNumber ? Number(input.value) : input[held]);
  const tell = () => {
    if (spec.kind === "range") readout.textContent = read().toFixed(digits(spec.step)).replace("-", "−");
  };
  tell();
  input.addEventListener("input", () => {
    tell();
    if (!isNumber || input.value !== "") changed();
  });
  return { elements: [label, input, readout], read };
}

let made = 0;

/**
 * Show controls and the place for what their function puts out.
 * @param {HTMLElement} parent
 * @param {{place: string, controls: any[]}} spec
 * @param {(place: string, values: Record<string, any>) => Promise<boolean>} send
 *   what sends the values; false: Python does not know them any more
 * @returns {Outputs} the place
 */
export function showControls(parent, { place, controls }, send) {
  const box = make("div", { className: "live-controls", role: "group", ariaLabel: "Controls" });
  const result = make("div", { className: "live-result" });
  const outputs = new Outputs(result);
  const rows = {};
  let waiting = false;
  let busy = false;
  const changed = async () => {
    waiting = true;
    if (busy) return; // one at a time: the last values win
    busy = true;
    while (waiting) {
      waiting = false;
      outputs.begin();
      const values = Object.fromEntries(Object.entries(rows).map(([name, { read }]) => [name, read()]));
      const known = await send(place, values);
      outputs.end();
      if (!known) {
        box.querySelectorAll("input, select").forEach((input) => (input.disabled = true));
        box.append(make("p", { className: "live-note", textContent: "Python has ended since: run the cell again." }));
        break;
      }
    }
    busy = false;
  };
  for (const spec of controls) {
    rows[spec.name] = row(spec, `live-control-${++made}`, changed);
    box.append(make("div", { className: "live-control" }, ...rows[spec.name].elements));
  }
  parent.append(make("div", { className: "output live-interact" }, box, result));
  return outputs;
}

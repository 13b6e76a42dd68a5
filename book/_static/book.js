// What the pages do by themselves: print whole, let the keyboard scroll and write, explain why a file cannot run.
"use strict";

/** Make the page fit for paper, light and with nothing folded; return a function that puts it back. */
function forPaper() {
  const folded = [...document.querySelectorAll("article details:not([open])")];
  const page = document.documentElement.dataset;
  const theme = page.theme;
  for (const details of folded) details.open = true;
  page.theme = "light";
  return () => {
    for (const details of folded) details.open = false;
    page.theme = theme;
  };
}

/** Let the keyboard reach what scrolls, and only that: browsers differ in doing so by themselves. */
function reachScrolling() {
  for (const box of document.querySelectorAll("article :is(pre, .cell_output, .pst-scrollable-table-container, .edges, .math)")) {
    const overflows = getComputedStyle(box);
    const scrolls =
      (box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(overflows.overflowX)) ||
      (box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(overflows.overflowY));
    if (scrolls && !box.hasAttribute("tabindex")) {
      box.tabIndex = 0;
      box.dataset.reached = "";
    } else if (!scrolls && "reached" in box.dataset) {
      box.removeAttribute("tabindex");
      delete box.dataset.reached;
    }
  }
}

/** Keep keys that write where text is written: Sphinx takes "/" for its search, and leaves out only the fields it knows. */
function keepKeys() {
  document.body.addEventListener("keydown", (event) => {
    if (event.target.isContentEditable || event.target.matches("input, select, textarea")) event.stopPropagation();
  });
}

/** Which part of a page says most of some words: the deepest section, by its own text. @returns {string} its name, or "" */
function sectionOf(page, words) {
  const sections = [...new DOMParser().parseFromString(page, "text/html").querySelectorAll("article section[id]")];
  const counted = sections.reverse().map((section) => {
    section.querySelectorAll("section[id]").forEach((inner) => inner.remove()); // each was counted before
    const text = section.textContent.toLowerCase();
    const title = section.querySelector("h1, h2, h3, h4")?.textContent.toLowerCase() ?? "";
    const times = words.map((word) => text.split(word).length - 1);
    const said = times.filter(Boolean).length + words.filter((word) => title.includes(word)).length;
    return [said, Math.min(...times), section.id];
  });
  counted.reverse().sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  return counted.length && counted[0][0] ? counted[0][2] : "";
}

/** Let what the search finds lead to the section that is about it; Sphinx leads to the top of a page. */
function searchSections() {
  if (typeof Search === "undefined") return; // the page that searches has it
  const ofPage = Search.makeSearchSummary;
  Search.makeSearchSummary = (page, words, anchor) => {
    const name = anchor ? "" : sectionOf(page, [...words].map((word) => word.toLowerCase()));
    const summary = ofPage(page, words, name ? `#${CSS.escape(name)}` : anchor);
    queueMicrotask(() => {
      const link = summary?.closest("li")?.querySelector("a");
      if (link && name) link.hash = name;
    });
    return summary;
  };
}

/** Say why nothing runs when the page was opened as a file: browsers load no modules then. */
function explainFile() {
  const cell = document.querySelector("article div.cell");
  if (location.protocol !== "file:" || !cell) return;
  const note = document.createElement("p");
  note.className = "opened-as-file";
  note.append("You opened this page as a file, so its cells cannot run. To run them, type ");
  const command = document.createElement("code");
  command.textContent = "python -m http.server";
  note.append(command, " in the book’s folder and open the address that it prints.");
  cell.before(note);
}

let putBack = () => {};
addEventListener("beforeprint", () => (putBack = forPaper()));
addEventListener("afterprint", () => putBack());

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  keepKeys();
  searchSections();
  explainFile();
  reachScrolling();
  new ResizeObserver(reachScrolling).observe(document.querySelector("article") ?? document.body);
});

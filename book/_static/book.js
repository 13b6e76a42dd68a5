// What the pages do by themselves: print whole, show what scrolls, let the keyboard scroll and write, close drawers,
// quote what the search finds, explain why a file cannot run.
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

const SCROLLERS =
  "article :is(pre, .cell_output, .pst-scrollable-table-container, .edges, .math, .touch-picture, .cm-scroller)";

/** Whether a box scrolls sideways, and whether up and down. */
function scrolling(box) {
  const { overflowX, overflowY } = getComputedStyle(box);
  const can = /auto|scroll/;
  return [
    can.test(overflowX) && box.scrollWidth > box.clientWidth + 1,
    can.test(overflowY) && box.scrollHeight > box.clientHeight + 1,
  ];
}

/** Mark the sides on which a box has more than it shows: book.css lets them fade, since many scrollbars are out of sight. */
function markSides(box, [sideways] = scrolling(box)) {
  box.classList.toggle("more-left", sideways && box.scrollLeft > 1);
  box.classList.toggle("more-right", sideways && box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

/** Let the keyboard reach what scrolls, and only that: browsers differ in doing so by themselves. */
function reachScrolling() {
  for (const box of document.querySelectorAll(SCROLLERS)) {
    const ways = scrolling(box);
    markSides(box, ways);
    if (ways.includes(true) && !box.hasAttribute("tabindex")) {
      box.tabIndex = 0;
      box.dataset.reached = "";
    } else if (!ways.includes(true) && "reached" in box.dataset) {
      box.removeAttribute("tabindex");
      delete box.dataset.reached;
    }
  }
}

/** Give the drawers of a narrow window, which the theme makes of its side bars, a way out: a button, or a choice. */
function closeDrawers() {
  for (const bar of document.querySelectorAll("#pst-primary-sidebar, #pst-secondary-sidebar")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "drawer-close", ariaLabel: "Close", textContent: "×" });
    button.addEventListener("click", () => button.closest("dialog").close());
    bar.prepend(button); // goes into the drawer and back with what else is there
    const drawer = document.getElementById(`${bar.id}-modal`);
    drawer?.addEventListener("click", ({ target }) => target.closest("a[href*='#']") && drawer.close());
  }
}

/** Keep keys that write where text is written: Sphinx takes "/" for its search, and leaves out only the fields it knows. */
function keepKeys() {
  document.body.addEventListener("keydown", (event) => {
    if (event.target.isContentEditable || event.target.matches("input, select, textarea")) event.stopPropagation();
  });
}

/** A page as the search shows it: without buttons of the theme, and with each formula once, as TeX. */
function readable(page) {
  const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
  article.querySelectorAll(".headerlink, script, style, details.hide > summary").forEach((part) => part.remove());
  for (const formula of article.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation").textContent);
  }
  return article;
}

/** Which part of an article says most of some words: the deepest section, by its own text, which alone is left in it. */
function sectionOf(article, words) {
  const counted = [...article.querySelectorAll("section[id]")].reverse().map((section) => {
    section.querySelectorAll("section[id]").forEach((inner) => inner.remove()); // each was counted before
    const text = section.textContent.toLowerCase();
    const title = section.querySelector("h1, h2, h3, h4")?.textContent.toLowerCase() ?? "";
    const times = words.map((word) => text.split(word).length - 1);
    const said = times.filter(Boolean).length + words.filter((word) => title.includes(word)).length;
    return [said, Math.min(...times), section];
  });
  return counted.reverse().sort((a, b) => b[0] - a[0] || b[1] - a[1])[0]?.[2];
}

/** Some 240 characters of a text around the first of some words that it has, from one word's begin to another's end. */
function excerpt(text, words) {
  const line = text.replace(/\s+/g, " ").trim();
  const found = words.map((word) => line.toLowerCase().indexOf(word)).find((at) => at >= 0) ?? 0;
  const start = found > 120 ? line.indexOf(" ", found - 120) + 1 : 0;
  const end = line.length > start + 240 ? line.lastIndexOf(" ", start + 240) : line.length;
  return `${start ? "… " : ""}${line.slice(start, end)}${end < line.length ? " …" : ""}`;
}

/** Let what the search finds lead to the section that is about it, and quote that; Sphinx leads to the top of a page. */
function searchSections() {
  if (typeof Search === "undefined") return; // the page that searches has it
  Search.makeSearchSummary = (page, terms, anchor) => {
    const words = [...terms].map((word) => word.toLowerCase());
    const article = readable(page);
    const named = anchor && article.querySelector(`[id="${anchor.slice(1)}"]`);
    const section = named || sectionOf(article, words);
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent = excerpt((section ?? article).textContent, words);
    queueMicrotask(() => {
      const link = summary.closest("li")?.querySelector("a");
      if (link && section && !anchor) link.hash = section.id;
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
  closeDrawers();
  reachScrolling();
  const scrolled = ({ target }) => target instanceof Element && target.matches(SCROLLERS) && markSides(target);
  document.addEventListener("scroll", scrolled, { capture: true, passive: true });
  new ResizeObserver(reachScrolling).observe(document.querySelector("article") ?? document.body);
});

/**
 * Wakes the figures that can be touched: in the static page, where each is an `img.touch` whose SVG carries its
 * data, and in the output of cells that ran in the page, where the SVG stands itself. Where anything is amiss,
 * the picture stays as it is.
 */

import figures from "../../micrograd_numpy/figures/figures.js";
import "../../micrograd_numpy/figures/figures.css"; // becomes figures-page.css, which the page links

/** What a picture carries, as the model that `render` asks; undefined if it carries nothing of ours. */
function carried(svg, alt) {
  const text = svg.querySelector('metadata[data-part="touch"]')?.textContent;
  if (!text) return undefined;
  const found = JSON.parse(text);
  const model = { ...found, alt: alt || found.alt, svg: new XMLSerializer().serializeToString(svg) };
  return { get: (name) => model[name] };
}

/** Put the live figure where its picture is. It is made beside the page first: if that fails, nothing changes. */
function wake(picture, svg, alt) {
  const model = carried(svg, alt);
  if (!model) return;
  const live = document.createElement("div");
  live.className = "touch-place";
  picture.after(live); // a figure measures itself, so it must be in the page
  try {
    figures.render({ model, el: live });
    if (picture === svg) picture.remove();
    else picture.classList.add("touch-asleep"); // for the printer
  } catch (error) {
    live.remove();
    throw error;
  }
}

async function wakeImage(image) {
  const answer = await fetch(image.currentSrc || image.src);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  wake(image, page.documentElement, image.alt);
}

// A figure wakes before it comes into sight; a page that is printed or never scrolled loads nothing more.
const near = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      wakeImage(target).catch((error) => console.info("This figure stays a picture:", error.message));
    }
  },
  { rootMargin: "100% 0%" },
);
for (const image of document.querySelectorAll("img.touch")) near.observe(image);

document.addEventListener("live:output", ({ detail }) => {
  for (const svg of detail.element.querySelectorAll("svg:has(> metadata[data-part=touch])")) {
    try {
      wake(svg, svg);
    } catch (error) {
      console.info("This figure stays a picture:", error.message);
    }
  }
});

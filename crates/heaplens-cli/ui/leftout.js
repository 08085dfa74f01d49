// Marks on the chart's axis for captures that were left out: each says why.

import { html } from "./dom.js";

/** More of them are drawn, but not to be reached one by one. */
const MOST_MARKED = 40;

/**
 * `onPoint` is called with the capture that is pointed at or has the focus, -1 for none.
 * @param {HTMLElement} over the chart's area @param {number[]} captures
 * @param {{place: (capture: number) => number, text: (capture: number) => string, onPoint: (capture: number) => void}} options
 */
export function leftOutMarks(over, captures, { place, text, onPoint }) {
  const marks = captures.slice(0, MOST_MARKED).map((capture) => {
    const said = text(capture);
    const box = html("span", { class: "why", "aria-hidden": "true" }, said);
    const element = html("span", { class: "leftout", role: "img", tabindex: 0, "aria-label": said }, box);
    // What is over the chart hides the pointer from it.
    for (const event of ["focus", "pointerenter"]) element.addEventListener(event, () => onPoint(capture));
    for (const event of ["blur", "pointerleave"]) element.addEventListener(event, () => onPoint(-1));
    return { capture, element };
  });
  over.append(...marks.map(({ element }) => element));
  return {
    draw() {
      // Once: what is written below would be laid out for each.
      const width = over.clientWidth;
      for (const { capture, element } of marks) {
        const x = place(capture);
        element.hidden = !(x >= 0 && x <= width);
        // The box lies to the side that has room.
        element.classList.toggle("right", x > width / 2);
        element.style.transform = `translateX(${x}px)`;
      }
    },
  };
}

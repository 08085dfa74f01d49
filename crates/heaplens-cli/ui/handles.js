// The two marks A and B on the chart: dragged, or moved by keys.

import { html } from "./dom.js";
import { nearestCapture } from "./curves.js";

/**
 * `place` is where a capture stands on the chart and `positionAt` the inverse, in pixels. `onMove` says where a mark
 * went; `isFinal` is false while it is dragged.
 * @typedef {{
 *   count: number, positions: number[], place: (capture: number) => number, positionAt: (x: number) => number,
 *   text: (capture: number) => string, onMove: (which: "a" | "b", capture: number, isFinal: boolean) => void
 * }} HandleOptions
 */

/** @param {HTMLElement} over the chart's area @param {HandleOptions} options */
export function chartHandles(over, options) {
  const shade = html("div", { class: "between", "aria-hidden": "true" });
  const marks = { a: mark("a"), b: mark("b") };
  const at = { a: -1, b: 0 };
  over.append(shade, marks.a, marks.b);

  /** @param {"a" | "b"} which */
  function mark(which) {
    const name = which === "a" ? "A, where the comparison begins" : "B, what is shown";
    const element = html(
      "div",
      {
        class: `mark ${which}`,
        role: "slider",
        tabindex: 0,
        "aria-label": name,
        "aria-orientation": "horizontal",
        "aria-valuemin": 1,
      },
      html("span", { class: "flag", "aria-hidden": "true" }, which.toUpperCase()),
    );
    element.addEventListener("pointerdown", (event) => drag(event, which, element));
    element.addEventListener("keydown", (event) => {
      const step = Math.max(Math.round(options.count / 20), 1);
      /** @type {Record<string, number>} */
      const moves = {
        ArrowLeft: at[which] - 1,
        ArrowDown: at[which] - 1,
        ArrowRight: at[which] + 1,
        ArrowUp: at[which] + 1,
        PageDown: at[which] - step,
        PageUp: at[which] + step,
        Home: 0,
        End: options.count - 1,
      };
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      options.onMove(which, within(moves[event.key]), true);
    });
    return element;
  }

  const within = (/** @type {number} */ capture) => Math.max(Math.min(capture, options.count - 1), 0);
  const captureAt = (/** @type {PointerEvent | MouseEvent} */ event) => {
    const x = event.clientX - over.getBoundingClientRect().left;
    return nearestCapture(options.positions, options.positionAt(x));
  };

  /** @param {PointerEvent} event @param {"a" | "b"} which @param {HTMLElement} element */
  function drag(event, which, element) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    element.focus();
    element.setPointerCapture(event.pointerId);
    let moved = at[which];
    const move = (/** @type {PointerEvent} */ e) => {
      const capture = captureAt(e);
      if (capture === moved) return;
      moved = capture;
      options.onMove(which, capture, false);
    };
    const stop = () => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", stop);
      element.removeEventListener("pointercancel", stop);
      options.onMove(which, moved, true);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", stop);
    element.addEventListener("pointercancel", stop);
  }

  // A click on the chart moves the mark that is nearer.
  over.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(".mark")) return;
    const x = event.clientX - over.getBoundingClientRect().left;
    const far = (/** @type {"a" | "b"} */ which) => (at[which] < 0 ? Infinity : Math.abs(options.place(at[which]) - x));
    const which = far("a") < far("b") ? "a" : "b";
    // What is chosen may be drawn anew, and then what has the focus keeps it.
    marks[which].focus();
    options.onMove(which, captureAt(event), true);
  });

  return {
    /** Puts the marks where they belong. @param {number} a -1 for none @param {number} b */
    draw(a, b) {
      Object.assign(at, { a, b });
      for (const which of /** @type {const} */ (["a", "b"])) {
        const capture = at[which];
        const element = marks[which];
        element.hidden = capture < 0;
        if (capture < 0) continue;
        element.style.transform = `translateX(${options.place(capture)}px)`;
        element.setAttribute("aria-valuemax", String(options.count));
        element.setAttribute("aria-valuenow", String(capture + 1));
        element.setAttribute("aria-valuetext", options.text(capture));
      }
      shade.hidden = a < 0;
      if (a < 0) return;
      const [from, to] = [options.place(a), options.place(b)].sort((x, y) => x - y);
      shade.style.left = `${from}px`;
      shade.style.width = `${to - from}px`;
    },
  };
}

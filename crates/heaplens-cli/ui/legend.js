// The chart's legend: each curve can be hidden, and its value is told.

import { FAINT } from "./curves.js";
import { html, svgHtml } from "./dom.js";

/** @typedef {import("./curves.js").Curve} Curve */

/** @param {() => void} onToggle */
export function curveLegend(onToggle) {
  const element = html("div", { class: "legend", role: "group", "aria-label": "curves" });
  /** Keys of those that are hidden. @type {Set<string>} */
  const off = new Set();
  /** @type {Map<string, HTMLElement>} */
  const figures = new Map();

  /** @param {Curve} curve */
  function itemOf(curve) {
    const line = svgHtml("line", {
      x1: 0,
      y1: 6,
      x2: 26,
      y2: 6,
      "stroke-width": 2,
      "stroke-dasharray": curve.dash.join(" "),
    });
    line.style.stroke = `var(${curve.color})`;
    if (curve.isFaint) line.style.opacity = String(FAINT);
    const figure = html("span", { class: "figure" });
    figures.set(curve.key, figure);
    const item = html("button", {
      type: "button",
      "aria-pressed": String(!off.has(curve.key)),
      title: `${curve.hint}; click to hide or show`,
    });
    item.append(svgHtml("svg", { width: 26, height: 12, "aria-hidden": "true" }, line), ` ${curve.name} `, figure);
    item.addEventListener("click", () => {
      if (!off.delete(curve.key)) off.add(curve.key);
      item.setAttribute("aria-pressed", String(!off.has(curve.key)));
      onToggle();
    });
    return item;
  }

  return {
    element,
    /** @param {Curve} curve */
    isOn: ({ key }) => !off.has(key),
    /** Those that are told of, one a key. @param {Curve[]} curves */
    list(curves) {
      figures.clear();
      element.replaceChildren(...curves.map(itemOf));
    },
    /** The value of a curve, if it is told of. @param {Curve} curve @param {string} text @param {string} [hint] */
    tell({ key }, text, hint) {
      const figure = figures.get(key);
      if (!figure) return;
      figure.textContent = text;
      if (hint !== undefined) figure.title = hint;
    },
  };
}

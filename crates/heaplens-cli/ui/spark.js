// A history as a small picture.

import { svgHtml } from "./dom.js";

/**
 * The line's points within a box, from the least to the largest value.
 * @param {number[]} history @param {number} width @param {number} height
 */
export function sparkPoints(history, width, height) {
  const values = history.filter(Number.isFinite);
  if (values.length === 0) return "";
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const x = (/** @type {number} */ i) => (values.length > 1 ? (i / (values.length - 1)) * width : width / 2);
  const y = (/** @type {number} */ v) => (high > low ? height - ((v - low) / (high - low)) * height : height);
  return values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
}

/** @param {number[]} history @param {string} label @param {number} width @param {number} height */
export function sparkline(history, label, width = 120, height = 22) {
  const points = sparkPoints(history, width - 4, height - 4);
  const line = svgHtml("polyline", { points, transform: "translate(2 2)" });
  return svgHtml(
    "svg",
    { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    line,
  );
}

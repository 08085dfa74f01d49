// What the chart draws: one curve for each figure that is known over time.

import { amount } from "./model.js";

/** @typedef {import("./types.js").Index} Index @typedef {import("./types.js").CaptureData} CaptureData */
/** @typedef {import("./times.js").Clock} Clock */

/**
 * `color` names a CSS variable; dashes tell the curves apart where colours do not.
 * @typedef {{key: string, name: string, hint: string, color: string, dash: number[], width: number,
 *   values: (number | null)[]}} Curve
 */

/** @type {[keyof CaptureData & string, string, string, string, number[]][]} */
const FIGURES = [
  ["total", "profile", "all that the samples stand for, with its 95 % interval", "--curve-total", []],
  ["allocated", "allocated", "what the program holds, as jemalloc counts it", "--curve-allocated", [7, 4]],
  ["active", "active", "pages that hold it", "--curve-active", [2, 3]],
  ["resident", "resident", "pages that jemalloc keeps in memory", "--curve-resident", [11, 3, 2, 3]],
  ["rss", "RSS", "all memory of the process, as the kernel counts it", "--curve-rss", [1, 4]],
];

/** Curves with at least one value. @param {Index} index @returns {Curve[]} */
export function curvesOf({ captures }) {
  return FIGURES.map(([key, name, hint, color, dash]) => ({
    key,
    name,
    hint,
    color,
    dash,
    width: key === "total" ? 2 : 1.5,
    values: captures.map((capture) => /** @type {number | null} */ (capture[key])),
  })).filter((curve) => curve.values.some((value) => value !== null));
}

/** How far up the chart goes. @param {Curve[]} curves @param {CaptureData[]} captures those whose interval is drawn */
export function mostShown(curves, captures) {
  let most = 1;
  // One by one: as arguments of one call there can be too many.
  for (const { values } of curves) for (const value of values) most = Math.max(most, value ?? 0);
  for (const { high } of captures) most = Math.max(most, high);
  return most;
}

/** Captures before which the process was started anew. @param {Index} index @returns {number[]} */
export function restartsOf({ captures }) {
  const restarts = [];
  let run = -1;
  for (const [i, capture] of captures.entries()) {
    if (capture.run < 0) continue;
    if (run >= 0 && capture.run !== run) restarts.push(i);
    run = capture.run;
  }
  return restarts;
}

/** The capture nearest to a position. @param {number[]} positions in order @param {number} position */
export function nearestCapture(positions, position) {
  let low = 0;
  let high = positions.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low > 0 && position - positions[low - 1] <= positions[low] - position ? low - 1 : low;
}

/**
 * Positions that rise: those of captures made at the same moment are moved apart by a little, as the chart's library
 * takes no equal ones.
 * @param {number[]} positions
 */
export function rising(positions) {
  const span = positions.length > 1 ? positions[positions.length - 1] - positions[0] : 0;
  const least = span > 0 ? span * 1e-6 : 1e-3;
  let last = -Infinity;
  return positions.map((position) => (last = position > last ? position : last + least));
}

/** The course of the profile's total, for those who do not see the chart. @param {Index} index @param {Clock} clock */
export function courseText(index, clock) {
  const { captures } = index;
  const last = captures.length - 1;
  const most = captures.reduce((best, capture, i) => (capture.total > captures[best].total ? i : best), 0);
  const restarts = restartsOf(index).map((i) => clock.long(i));
  const at = (/** @type {number} */ i) => `${amount(captures[i].total, true)} at ${clock.long(i)}`;
  const more = restarts.length > 0 ? `; restarted before ${restarts.slice(0, 5).join(", ")}` : "";
  return `The profile's total in ${captures.length} dumps: first ${at(0)}, last ${at(last)}, most ${at(most)}${more}.`;
}

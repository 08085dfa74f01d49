// Call trees for the graph: sites merged by function name, as view/tree.rs does.

/** @typedef {import("./model.js").Model} Model @typedef {import("./code.js").Code} Code */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */

/**
 * A model that model.js and describe.js take, and what the page wants to know beside it. `frame` is each node's frame in
 * `code` (-1: the root), `samples` about how many samples its figure rests on (null: it is exact). `relative` has the
 * totals of both sides where amounts are shares of them, as parts of `unit`.
 * @typedef {Model & {
 *   code: Code, frame: Int32Array, samples: Float64Array | null,
 *   relative: {before: number, after: number, unit: number} | null
 * }} Graph
 */

/**
 * The graph that a state asks for: of `after` alone (`before` null), or of what changed. With `state.byThread` the values
 * are those of `home.threads`. Uses of the state: sample, part, relative, inverted, allocator, runtime, byThread,
 * focus, ignore, hide, showFrom. Patterns that are none are left out (see `problemOf`).
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Graph}
 */
export function modelOf(code, before, after, state) {
  throw new Error(`to be written: ${code.siteCount} ${before} ${after} ${state}`);
}

// Callers and callees of one function.

/** @typedef {import("./code.js").Code} Code @typedef {import("./tree.js").Graph} Graph */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */

/**
 * Both graphs have the function as their root and its cumulative amount as their total: callers from the inside out,
 * callees from the outside in. A stack is parted at the outermost call of the function.
 * @typedef {{callers: Graph, callees: Graph}} Sandwich
 */

/**
 * Null if no stack has the function. Takes what `modelOf` takes; `name` is the function's.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state @param {string} name
 * @returns {Sandwich | null}
 */
export function sandwichOf(code, before, after, state, name) {
  throw new Error(`to be written: ${code.siteCount} ${before} ${after} ${state} ${name}`);
}

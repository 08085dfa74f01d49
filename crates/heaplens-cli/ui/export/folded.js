// Folded stacks, as out/folded.rs writes them.

/** @typedef {import("../code.js").Code} Code */
/** @typedef {import("../types.js").Values} Values @typedef {import("../types.js").State} State */

/**
 * One line a stack; two columns for a difference. Takes what `modelOf` takes.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state @returns {string}
 */
export function foldedOf(code, before, after, state) {
  return `${code}${before}${after}${state}`;
}

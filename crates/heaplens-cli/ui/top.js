// The table of functions, as view/top.rs does.

/** @typedef {import("./code.js").Code} Code */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */

/** An amount, or both sides of a difference (`before` is 0 otherwise). @typedef {{before: number, after: number}} Change */

/**
 * A function: by itself (`flat`) and with all it calls (`cum`), recursion counted once; `flatOther` and `cumOther` are
 * objects if bytes are counted and bytes if objects are. `owner` is a letter as in the index; `crate`, `place` and
 * `module` are texts, "" for none. `samples`: about how many `cum` rests on, null if exact.
 * @typedef {{
 *   name: string, place: string, module: string, owner: string, crate: string,
 *   flat: Change, cum: Change, flatOther: Change, cumOther: Change, samples: number | null
 * }} TopRow
 *
 * @typedef {{
 *   bytes: boolean, diff: boolean, objects: boolean, rate: number | null,
 *   total: Change, totalOther: Change, grown: number, shrunk: number, rows: TopRow[]
 * }} Top
 */

/**
 * Rows by flat amount (of a difference by the size of its change), then cum, then name. Takes what `modelOf` takes.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Top}
 */
export function topOf(code, before, after, state) {
  throw new Error(`to be written: ${code.siteCount} ${before} ${after} ${state}`);
}

/**
 * 95 % interval of a change's net amount in bytes, null for objects and exact values.
 * @param {Top} top @param {Change} change @returns {{low: number, high: number} | null}
 */
export function intervalOfChange(top, change) {
  throw new Error(`to be written: ${top} ${change}`);
}

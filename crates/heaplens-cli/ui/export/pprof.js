// pprof's profile.proto, gzipped, as out/pprof writes it.

/** @typedef {import("../code.js").Code} Code */
/** @typedef {import("../types.js").Values} Values @typedef {import("../types.js").State} State */

/**
 * All sample types that the data has; the base of a difference is negative, labelled `pprof::base`. Takes what `modelOf`
 * takes.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Promise<Uint8Array>}
 */
export async function pprofOf(code, before, after, state) {
  throw new Error(`to be written: ${code} ${before} ${after} ${state}`);
}

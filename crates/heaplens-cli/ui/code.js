// The code that allocated: the index's columns as typed arrays.

/** @typedef {import("./types.js").Index} Index */

/**
 * Names are those of functions, distinct, and those made up for a runtime or a thread; name 0 is "all". Frames from
 * `frameCount` on are made up and have a name alone. Names of one function may be several functions'.
 * @typedef {{
 *   index: Index,
 *   names: string[], colors: string, rank: Int32Array,
 *   frameCount: number, frameName: Int32Array, frameFunction: Int32Array, framePlace: Int32Array,
 *   frameModule: Int32Array, places: string[], modules: string[],
 *   stackParent: Int32Array, stackFrame: Int32Array, stackDepth: Int32Array,
 *   siteCount: number, siteStack: Int32Array, siteCut: Int32Array, siteRun: Int32Array, siteRuntime: Int32Array,
 *   threadFrame: Int32Array, noThread: number
 * }} Code
 */

/** @param {Index} index @returns {Code} */
export function codeOf(index) {
  throw new Error(`to be written: ${index.title}`);
}

/** The id of a function's name, -1 if there is none. @param {Code} code @param {string} name @returns {number} */
export function nameId(code, name) {
  return code.names.indexOf(name);
}

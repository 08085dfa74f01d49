// Sites and frames chosen by patterns, as filter/choose.rs does.

/** @typedef {import("./types.js").State} State */

/**
 * A pattern as it was typed. Throws a SyntaxError if it is no regular expression.
 * @param {string} text @param {boolean} matchCase @returns {RegExp}
 */
export function compiled(text, matchCase = true) {
  return new RegExp(text, matchCase ? "" : "i");
}

/** What is wrong with the patterns of a state: "" if nothing is. @param {State} state @returns {string} */
export function problemOf(state) {
  return state ? "" : "";
}

/** A pattern for just this name. @param {string} name */
export function exactly(name) {
  return `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
}

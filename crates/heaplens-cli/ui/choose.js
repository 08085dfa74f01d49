// Frames chosen by patterns, and whether they are ones; as in filter/choose.rs.

import { PatternError, TimedPattern } from "./patterns.js";

/** @typedef {import("./types.js").State} State @typedef {import("./code.js").Code} Code */

/** @typedef {"focus" | "ignore" | "hide" | "showFrom"} Choice */

/** @type {[Choice, string][]} */
const CHOICES = [
  ["focus", "focus"],
  ["ignore", "ignore"],
  ["hide", "hide"],
  ["showFrom", "show from"],
];

/**
 * A pattern as it was typed, `(?i)` at its start as in Rust's. Throws a SyntaxError if it is no regular expression, a
 * PatternError if it could take for ever.
 * @param {string} text @param {boolean} matchCase @returns {RegExp}
 */
export function compiled(text, matchCase = true) {
  const isFlagged = text.startsWith("(?i)");
  const source = isFlagged ? text.slice(4) : text;
  const flags = isFlagged || !matchCase ? "i" : "";
  try {
    return new TimedPattern(source, `${flags}u`);
  } catch (why) {
    if (why instanceof PatternError) throw why;
    // `u` is strict about what need not be escaped, which people escape all the same.
    return new TimedPattern(source, flags);
  }
}

/** Why a pattern is none, in words. @param {unknown} why */
export function patternProblem(why) {
  return why instanceof PatternError ? `a regular expression that ${why.message}` : "not a regular expression";
}

/** What is wrong with the patterns of a state: "" if nothing is. @param {State} state @returns {string} */
export function problemOf(state) {
  for (const [choice, text] of CHOICES) {
    try {
      if (state[choice]) compiled(state[choice]);
    } catch (why) {
      return `${text}: ${patternProblem(why)}`;
    }
  }
  return "";
}

/** A pattern for just this name. @param {string} name */
export function exactly(name) {
  return `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
}

/**
 * Which frames a pattern of the state matches, by name, file or `file:line`; null if there is none. Throws if it takes
 * too long.
 * @param {Code} code @param {State} state @param {Choice} choice @returns {Uint8Array | null}
 */
export function chosenFrames(code, state, choice) {
  if (!state[choice]) return null;
  let pattern;
  try {
    pattern = compiled(state[choice]);
  } catch {
    return null;
  }
  return matchingFrames(code, pattern);
}

/** @param {Code} code @param {RegExp} pattern */
function matchingFrames(code, pattern) {
  const { files, fileOf } = frameFiles(code);
  const names = code.names.map((name) => pattern.test(name));
  const ofFiles = files.map((file) => pattern.test(file));
  const matching = new Uint8Array(code.frameName.length);
  for (let frame = 0; frame < matching.length; frame++) {
    const place = code.framePlace[frame];
    const isMatch =
      names[code.frameName[frame]] || (place >= 0 && (ofFiles[fileOf[frame]] || pattern.test(code.places[place])));
    matching[frame] = isMatch ? 1 : 0;
  }
  return matching;
}

/** The files of frames, each once. @param {Code} code */
function frameFiles(code) {
  const { functions, strings } = code.index;
  /** @type {Map<number, number>} */
  const known = new Map();
  /** @type {string[]} */
  const files = [];
  const fileOf = Int32Array.from(code.frameFunction, (f) => {
    const string = f < 0 ? -1 : functions.file[f];
    if (string < 0) return -1;
    const file = known.get(string) ?? files.push(strings[string]) - 1;
    known.set(string, file);
    return file;
  });
  return { files, fileOf };
}

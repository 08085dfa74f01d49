// Folded stacks, as out/folded.rs writes them.

import { compareBytes } from "../code.js";
import { stackSums } from "../sums.js";

/** @typedef {import("../code.js").Code} Code */
/** @typedef {import("../types.js").Values} Values @typedef {import("../types.js").State} State */

/** What breaks a line, and text that looks like an escape of it. */
const BREAKING = /[\0-\x1f\x7f;]|\\(?=x(?:[01][0-9a-f]|2[03d]|3[0bf]|5c|7f))/g;

/**
 * One line a stack; two columns for a difference. Takes what `modelOf` takes; amounts are never relative.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state @returns {string}
 */
export function foldedOf(code, before, after, state) {
  const { stacks, own } = stackSums(code, before, after, { ...state, relative: false });
  /** @type {Map<number, string>} */
  const escaped = new Map();
  const writtenName = (/** @type {number} */ name) => {
    const known = escaped.get(name) ?? escapedName(code.names[name]);
    escaped.set(name, known);
    return known;
  };
  /** @type {[string, string][]} */
  const lines = [];
  for (let i = 0; i < stacks.nameCount; i++) {
    const [from, to] = [Math.trunc(own.before[i]), Math.trunc(own.after[i])];
    if (from === 0 && to === 0) continue;
    const names = [];
    for (let node = i; node > 0; node = stacks.nameParent[node]) names.push(writtenName(stacks.name[node]));
    lines.push([names.reverse().join(";"), before ? `${from} ${to}` : `${to}`]);
  }
  // Without pairs, units compare as bytes do, and the browser's own comparison is far faster.
  const hasPairs = lines.some(([stack]) => /[\ud800-\udfff]/.test(stack));
  lines.sort(hasPairs ? ([a], [b]) => compareBytes(a, b) : ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return lines.map(([stack, values]) => `${protectedEnds(stack)} ${values}\n`).join("");
}

/** A name without what separates frames and lines. @param {string} name */
function escapedName(name) {
  return name.replace(BREAKING, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/**
 * A stack that starts like a comment, or ends in a space and digits that would pass for a value.
 * @param {string} stack
 */
function protectedEnds(stack) {
  const start = stack.startsWith("#") ? `\\x23${stack.slice(1)}` : stack;
  const space = start.lastIndexOf(" ");
  const isValue = space >= 0 && /^[-+.0-9]*$/.test(start.slice(space + 1));
  return isValue ? `${start.slice(0, space)}\\x20${start.slice(space + 1)}` : start;
}

// Callers and callees of one function.

import { nameId } from "./code.js";
import { facts, graphOf } from "./tree.js";
import { stackSums } from "./sums.js";
import { partedTries } from "./tries.js";

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
  const id = nameId(code, name);
  if (id < 0) return null;
  const sums = stackSums(code, before, after, state);
  const like = sums.stacks.name.indexOf(id, 1);
  if (like < 0) return null;
  const { callers, callees } = partedTries(sums, id, sums.heaviest[like]);
  const of = facts(code, before !== null, state, sums.relative);
  return { callers: graphOf(code, callers, of), callees: graphOf(code, callees, of) };
}

// Everything that is computed from values, kept as long as it may be asked for again.

import { codeOf } from "./code.js";
import { keysOf } from "./model.js";
import { sandwichOf } from "./sandwich.js";
import { topOf } from "./top.js";
import { modelOf } from "./tree.js";

/** @typedef {import("./types.js").State} State @typedef {import("./types.js").Values} Values */
/** @typedef {import("./tree.js").Graph} Graph */

/** Results kept of each kind: going back and forth between a few views costs nothing. */
const MOST_KEPT = 4;

/** What a graph or a table depends on. @type {(keyof State)[]} */
const CHOSEN = ["a", "b", "sample", "allocator", "runtime", "byThread", "focus", "ignore", "hide", "showFrom"];
/** @type {(keyof State)[]} */
const DRAWN = [...CHOSEN, "part", "relative", "inverted"];

/** @param {import("./types.js").Home} home */
export function workOf(home) {
  /** @type {import("./code.js").Code | null} */
  let code = null;
  const theCode = () => (code ??= codeOf(home.index));

  /** @param {State} state @returns {Promise<{before: Values | null, after: Values}>} */
  const sides = async (state) => {
    const side = async (/** @type {number} */ capture) => {
      const threads = state.byThread ? await home.threads(capture) : null;
      return threads ?? home.values(capture);
    };
    const [before, after] = await Promise.all([state.a >= 0 ? side(state.a) : null, side(state.b)]);
    return { before, after };
  };

  const graph = kept(DRAWN, async (state) => {
    const { before, after } = await sides(state);
    return modelOf(theCode(), before, after, state);
  });
  const top = kept(CHOSEN, async (state) => {
    const { before, after } = await sides(state);
    return topOf(theCode(), before, after, state);
  });
  const sandwich = kept([...DRAWN, "fn"], async (state) => {
    const { before, after } = await sides(state);
    return sandwichOf(theCode(), before, after, state, state.fn);
  });

  /** @type {WeakMap<Graph, ReturnType<typeof keysOf>>} */
  const keys = new WeakMap();
  const keysFor = (/** @type {Graph} */ of) => {
    let found = keys.get(of);
    if (!found) keys.set(of, (found = keysOf(of)));
    return found;
  };

  return {
    theCode,
    sides,
    graph,
    top,
    sandwich,
    /** The node that the state zooms to. @param {Graph} of @param {string} zoom */
    nodeOf: (of, zoom) => (zoom ? Math.max(keysFor(of).find(zoom), 0) : 0),
    /** What the state calls a node. @param {Graph} of @param {number} node */
    keyFor: (of, node) => (node > 0 ? keysFor(of).key(node) : ""),
  };
}

/** @typedef {ReturnType<typeof workOf>} Work */

/**
 * A function of some fields of the state whose last results are kept; failures are not.
 * @template T @param {(keyof State)[]} fields @param {(state: State) => Promise<T>} compute
 * @returns {(state: State) => Promise<T>}
 */
function kept(fields, compute) {
  /** @type {Map<string, Promise<T>>} */
  const results = new Map();
  return (state) => {
    const key = JSON.stringify(fields.map((field) => state[field]));
    const known = results.get(key);
    const result = known ?? compute(state);
    results.delete(key);
    results.set(key, result);
    if (!known) result.catch(() => results.delete(key));
    for (const old of results.keys()) {
      if (results.size <= MOST_KEPT) break;
      results.delete(old);
    }
    return result;
  };
}

// Sites as people want to see them: without the allocator, chosen by patterns, the runtime as one frame.

import { chosenFrames } from "./choose.js";
import { PairTable } from "./pairs.js";

/** @typedef {import("./code.js").Code} Code @typedef {import("./types.js").State} State */

/**
 * Stacks of frames as a tree, and the tree of names that they merge into; node 0 of each is the root, and callers come
 * before callees.
 * @typedef {{
 *   count: number, parent: Int32Array, frame: Int32Array,
 *   merged: Int32Array, nameCount: number, nameParent: Int32Array, name: Int32Array
 * }} Stacks
 *
 * Stacks of all sites; `ofSite` is -1 for those that are left out.
 * @typedef {Stacks & {ofSite: Int32Array}} Folded
 */

/** So many ways to fold are kept: patterns change with every key that is typed. */
const FOLDINGS = 6;

/** @type {WeakMap<Code, Map<string, Folded>>} */
const foldings = new WeakMap();

/** All sites as a state wants them. @param {Code} code @param {State} state @returns {Folded} */
export function foldedSites(code, state) {
  const { allocator, runtime, focus, ignore, hide, showFrom } = state;
  const key = JSON.stringify([allocator, runtime, focus, ignore, hide, showFrom]);
  const known = foldings.get(code) ?? new Map();
  foldings.set(code, known);
  const folded = known.get(key) ?? fold(code, state);
  known.delete(key);
  known.set(key, folded);
  for (const oldest of known.keys()) {
    if (known.size <= FOLDINGS) break;
    known.delete(oldest);
  }
  return folded;
}

/** @param {Code} code @param {State} state @returns {Folded} */
function fold(code, state) {
  const { stackParent, stackFrame, stackDepth } = code;
  const chosen = chosenStacks(code, state);
  const tree = growingStacks(code);
  // Sites share their callers, so the new node of each old stack is kept, with the length of the runtime's run that it
  // was made for: that depends on what comes further in.
  const made = new Int32Array(stackParent.length);
  const madeFor = new Int32Array(stackParent.length).fill(-1);
  /** @type {number[]} */
  const path = [];
  const ofSite = new Int32Array(code.siteCount).fill(-1);
  // Who says where stacks begin has said enough of runtimes.
  const foldsRuntime = !state.runtime && !chosen.begins;
  for (let site = 0; site < code.siteCount; site++) {
    const leaf = leafOf(code, site, state);
    if (leaf < 0) {
      if (!chosen.isPicky) ofSite[site] = 0;
      continue;
    }
    if (!chosen.keeps(leaf)) continue;
    const run = foldsRuntime && code.siteRuntime[site] >= 0 ? Math.min(code.siteRun[site], stackDepth[leaf]) : 0;
    let node = 0;
    for (let stack = leaf; stack >= 0; stack = stackParent[stack]) {
      if (madeFor[stack] === run) {
        node = made[stack];
        break;
      }
      if (stackDepth[stack] === run) {
        node = chosen.isShown(stack) ? tree.callee(0, code.siteRuntime[site]) : 0;
        made[stack] = node;
        madeFor[stack] = run;
        break;
      }
      path.push(stack);
    }
    for (let stack = path.pop(); stack !== undefined; stack = path.pop()) {
      if (chosen.shows(stack)) node = tree.callee(node, stackFrame[stack]);
      made[stack] = node;
      madeFor[stack] = run;
    }
    ofSite[site] = node;
  }
  return { ...tree.done(), ofSite };
}

/**
 * The innermost stack that is left of a site: the allocator's are not, but for the outermost one.
 * @param {Code} code @param {number} site @param {State} state
 */
function leafOf(code, site, state) {
  let leaf = code.siteStack[site];
  if (state.allocator) return leaf;
  for (let cut = code.siteCut[site]; cut > 0 && leaf >= 0 && code.stackParent[leaf] >= 0; cut--) {
    leaf = code.stackParent[leaf];
  }
  return leaf;
}

/** @typedef {ReturnType<typeof chosenStacks>} Chosen */

/**
 * What the patterns say of stacks; callers come before callees, so one pass tells of them all.
 * @param {Code} code @param {State} state
 */
export function chosenStacks(code, state) {
  const { stackParent, stackFrame } = code;
  const [focus, ignore] = [chosenFrames(code, state, "focus"), chosenFrames(code, state, "ignore")];
  const [hide, from] = [chosenFrames(code, state, "hide"), chosenFrames(code, state, "showFrom")];
  const count = stackParent.length;
  /** @param {(stack: number) => boolean} is */
  const atOrAbove = (is) => {
    const flags = new Uint8Array(count);
    for (let i = 0; i < count; i++) flags[i] = (stackParent[i] >= 0 && flags[stackParent[i]]) || is(i) ? 1 : 0;
    return flags;
  };
  const isHidden = (/** @type {number} */ stack) => hide !== null && hide[stackFrame[stack]] === 1;
  const focused = focus && atOrAbove((stack) => focus[stackFrame[stack]] === 1);
  const ignored = ignore && atOrAbove((stack) => ignore[stackFrame[stack]] === 1);
  const begun = from && atOrAbove((stack) => from[stackFrame[stack]] === 1 && !isHidden(stack));
  const shown = hide && atOrAbove((stack) => !isHidden(stack));
  return {
    begins: from !== null,
    /** True if a site without any frame does not stay. */
    isPicky: focus !== null || from !== null,
    /** @param {number} leaf */
    keeps: (leaf) =>
      (!focused || focused[leaf] === 1) && (!ignored || ignored[leaf] === 0) && (!begun || begun[leaf] === 1),
    /** True if the frame itself is there. @param {number} stack */
    shows: (stack) => (!begun || begun[stack] === 1) && !isHidden(stack),
    /** True if a frame at or above is. @param {number} stack */
    isShown: (stack) => !shown || shown[stack] === 1,
  };
}

/** A tree of stacks that grows, merged by name as it does. @param {Code} code */
export function growingStacks(code) {
  const [frames, names] = [new PairTable(code.stackParent.length), new PairTable(code.stackParent.length)];
  const [parent, frame, merged] = [[-1], [-1], [0]];
  const [nameParent, name] = [[-1], [0]];
  return {
    /** @param {number} node @param {number} of the callee's frame */
    callee(node, of) {
      const found = frames.at(node, of, parent.length);
      if (found < parent.length) return found;
      parent.push(node);
      frame.push(of);
      const same = names.at(merged[node], code.frameName[of], name.length);
      if (same === name.length) {
        nameParent.push(merged[node]);
        name.push(code.frameName[of]);
      }
      merged.push(same);
      return found;
    },
    /** @returns {Stacks} */
    done: () => ({
      count: parent.length,
      parent: packed(parent),
      frame: packed(frame),
      merged: packed(merged),
      nameCount: name.length,
      nameParent: packed(nameParent),
      name: packed(name),
    }),
  };
}

/** `Int32Array.from`, which is slow. @param {number[]} list */
export function packed(list) {
  const all = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) all[i] = list[i];
  return all;
}

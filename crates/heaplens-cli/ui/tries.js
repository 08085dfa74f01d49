// The trees of names that graphs are made of: stacks from the root, from the leaf, from a function on.

import { packed } from "./fold.js";
import { PairTable } from "./pairs.js";
import { noSums, sumColumns } from "./sums.js";

/** @typedef {import("./code.js").Code} Code @typedef {import("./sums.js").Sums} Sums */
/** @typedef {import("./sums.js").StackSums} StackSums */

/**
 * Nodes with names and frames, callers first, and what each holds by itself. `ownsAlone` is false where that is no
 * function's own.
 * @typedef {{
 *   count: number, parent: Int32Array, name: Int32Array, frame: Int32Array, own: Sums, ownsAlone: boolean
 * }} Trie
 */

/** Stacks from the root. @param {StackSums} sums @returns {Trie} */
export function stackTrie({ stacks, own, heaviest }) {
  return {
    count: stacks.nameCount,
    parent: stacks.nameParent,
    name: stacks.name,
    frame: heaviest,
    own,
    ownsAlone: true,
  };
}

/**
 * Stacks from the leaf, under their threads where these are roots.
 * @param {Code} code @param {StackSums} sums @param {boolean} byThread @returns {Trie}
 */
export function invertedTrie(code, sums, byThread) {
  const { nameParent } = sums.stacks;
  const trie = growingTrie(0, -1);
  eachStack(sums, (leaf, weight) => {
    let node = 0;
    let root = 0;
    if (byThread) {
      for (root = leaf; root > 0 && nameParent[root] > 0;) root = nameParent[root];
      if (root > 0) node = trie.add(node, sums, root, weight);
    }
    for (let i = leaf; i > 0 && i !== root; i = nameParent[i]) node = trie.add(node, sums, i, weight);
    trie.hold(node, sums, leaf);
  });
  return trie.done(false);
}

/**
 * What is around the outermost call of a function: its callers from the inside out, its callees from the outside in.
 * The root is the function itself.
 * @param {StackSums} sums @param {number} name @param {number} frame of the function
 * @returns {{callers: Trie, callees: Trie}}
 */
export function partedTries(sums, name, frame) {
  const { nameParent, name: names, nameCount } = sums.stacks;
  /** The outermost node of that name at or above each, 0 for none. */
  const outermost = new Int32Array(nameCount);
  for (let i = 1; i < nameCount; i++) outermost[i] = outermost[nameParent[i]] || (names[i] === name ? i : 0);
  const [callers, callees] = [growingTrie(name, frame), growingTrie(name, frame)];
  const weights = sums.own.before.map((before, i) => before + sums.own.after[i]);
  for (let i = nameCount - 1; i > 0; i--) weights[nameParent[i]] += weights[i];
  /** The node among the callees of each node. */
  const below = new Int32Array(nameCount);
  for (let i = 1; i < nameCount; i++) {
    if (outermost[i] > 0 && outermost[i] !== i) below[i] = callees.add(below[nameParent[i]], sums, i, weights[i]);
  }
  eachStack(sums, (leaf, weight) => {
    if (outermost[leaf] === 0) return;
    let node = 0;
    for (let i = nameParent[outermost[leaf]]; i > 0; i = nameParent[i]) node = callers.add(node, sums, i, weight);
    callers.hold(node, sums, leaf);
    callees.hold(below[leaf], sums, leaf);
  });
  return { callers: callers.done(false), callees: callees.done(true) };
}

/** @param {StackSums} sums @param {(leaf: number, weight: number) => void} visit each stack that holds anything */
function eachStack({ stacks, own }, visit) {
  const { before, after, otherBefore, otherAfter } = own;
  for (let i = 0; i < stacks.nameCount; i++) {
    const weight = before[i] + after[i];
    if (weight !== 0 || otherBefore[i] !== 0 || otherAfter[i] !== 0) visit(i, weight);
  }
}

/** @param {number} rootName @param {number} rootFrame */
function growingTrie(rootName, rootFrame) {
  const table = new PairTable(1024);
  const [parent, name, frame, most] = [[-1], [rootName], [rootFrame], [0]];
  // Which node holds which stack's: how many nodes there will be is not known yet.
  /** @type {number[]} */
  const holders = [];
  /** @type {number[]} */
  const held = [];
  /** @type {Sums | null} */
  let source = null;
  return {
    /**
     * The callee of a node, named as a node of the sums is; its frame is that of the largest weight.
     * @param {number} node @param {StackSums} sums @param {number} like @param {number} weight
     */
    add(node, { stacks, heaviest }, like, weight) {
      const found = table.at(node, stacks.name[like], parent.length);
      if (found === parent.length) {
        parent.push(node);
        name.push(stacks.name[like]);
        frame.push(heaviest[like]);
        most.push(weight);
      } else if (weight > most[found]) {
        most[found] = weight;
        frame[found] = heaviest[like];
      }
      return found;
    },
    /** @param {number} node @param {StackSums} sums @param {number} leaf */
    hold(node, sums, leaf) {
      source = sums.own;
      holders.push(node);
      held.push(leaf);
    },
    /** @param {boolean} ownsAlone @returns {Trie} */
    done(ownsAlone) {
      const own = noSums(parent.length);
      const [from, to] = [source ? sumColumns(source) : [], sumColumns(own)];
      from.forEach((column, c) => {
        for (let i = 0; i < held.length; i++) to[c][holders[i]] += column[held[i]];
      });
      const count = parent.length;
      return { count, parent: packed(parent), name: packed(name), frame: packed(frame), own, ownsAlone };
    },
  };
}

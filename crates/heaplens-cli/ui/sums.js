// What stacks hold: the values of sites at the stacks that they are shown as.

import { foldedSites, growingStacks } from "./fold.js";
import { PairTable } from "./pairs.js";

/** @typedef {import("./code.js").Code} Code @typedef {import("./fold.js").Stacks} Stacks */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").SampleType} SampleType */

/**
 * Amounts of nodes, each its own or with all below it. `other`: objects if bytes are counted, bytes if objects are.
 * @typedef {{
 *   before: Float64Array, after: Float64Array, otherBefore: Float64Array, otherAfter: Float64Array,
 *   grown: Float64Array, shrunk: Float64Array
 * }} Sums
 */

/**
 * Totals of both sides, where amounts are shares of them: parts of `unit`.
 * @typedef {{before: number, after: number, unit: number}} Relative
 *
 * `own` is of the nodes of names; `heaviest` is the frame of each of these that holds most, `weight` what goes through
 * each node of frames.
 * @typedef {{
 *   stacks: Stacks, own: Sums, heaviest: Int32Array, weight: Float64Array, isDiff: boolean, relative: Relative | null
 * }} StackSums
 */

/** @typedef {"bytes" | "objects" | "alloc_bytes" | "alloc_objects"} ValueColumn */

/**
 * The column of each sample type, and that of what is told beside it.
 * @type {Record<SampleType, [ValueColumn, ValueColumn]>}
 */
const COLUMNS = {
  inuse_space: ["bytes", "objects"],
  inuse_objects: ["objects", "bytes"],
  alloc_space: ["alloc_bytes", "alloc_objects"],
  alloc_objects: ["alloc_objects", "alloc_bytes"],
};

/** @param {number} count @returns {Sums} */
export function noSums(count) {
  const [before, after, otherBefore] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const [otherAfter, grown, shrunk] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  return { before, after, otherBefore, otherAfter, grown, shrunk };
}

/** The columns of sums. @param {Sums} sums */
export function sumColumns(sums) {
  return [sums.before, sums.after, sums.otherBefore, sums.otherAfter, sums.grown, sums.shrunk];
}

/**
 * What a state asks for, of `after` alone or of a difference.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state @returns {StackSums}
 */
export function stackSums(code, before, after, state) {
  const sides = before ? [after, before] : [after];
  const { stacks, nodes } = placedValues(code, sides, state);
  const own = noSums(stacks.nameCount);
  const weight = new Float64Array(stacks.count);
  const into = [
    [own.after, own.otherAfter],
    [own.before, own.otherBefore],
  ];
  sides.forEach((values, side) => addValues(values, state.sample, nodes[side], stacks, into[side], weight));
  const relative = before && state.relative ? makeRelative(own) : null;
  for (let i = 0; i < stacks.nameCount; i++) {
    const net = own.after[i] - own.before[i];
    own.grown[i] = Math.max(net, 0);
    own.shrunk[i] = Math.max(-net, 0);
  }
  if (before && state.part !== "all") keepPart(own, state.part === "grown" ? own.grown : own.shrunk);
  for (let i = stacks.count - 1; i > 0; i--) weight[stacks.parent[i]] += weight[i];
  return { stacks, own, heaviest: heaviestFrames(stacks, weight), weight, isDiff: before !== null, relative };
}

/**
 * The stacks of values as a state wants them: the node of each, -1 for those that are left out.
 * @param {Code} code @param {Values[]} sides @param {State} state @returns {{stacks: Stacks, nodes: Int32Array[]}}
 */
export function placedValues(code, sides, state) {
  const folded = foldedSites(code, state);
  const nodes = sides.map((values) => {
    const placed = new Int32Array(values.count);
    for (let i = 0; i < placed.length; i++) placed[i] = folded.ofSite[values.site[i]];
    return placed;
  });
  return { stacks: state.byThread ? underThreads(code, folded, sides, nodes) : folded, nodes };
}

/**
 * @param {Values} values @param {SampleType} sample @param {Int32Array} nodes @param {Stacks} stacks
 * @param {Float64Array[]} into @param {Float64Array} weight
 */
function addValues(values, sample, nodes, stacks, into, weight) {
  const none = new Float64Array(values.count);
  const [column, otherColumn] = COLUMNS[sample].map((name) => values[name] ?? none);
  const [sums, otherSums] = into;
  for (let i = 0; i < values.count; i++) {
    const node = nodes[i];
    if (node < 0) continue;
    sums[stacks.merged[node]] += column[i];
    otherSums[stacks.merged[node]] += otherColumn[i];
    weight[node] += Math.abs(column[i]);
  }
}

/**
 * The stacks under their threads; `nodes` become those in the new tree.
 * @param {Code} code @param {Stacks} stacks @param {Values[]} sides @param {Int32Array[]} nodes
 */
function underThreads(code, stacks, sides, nodes) {
  const tree = growingStacks(code);
  const known = new PairTable(stacks.count);
  /** @type {number[]} */
  const path = [];
  const place = (/** @type {number} */ root, /** @type {number} */ leaf) => {
    let found = root;
    for (let node = leaf; node > 0; node = stacks.parent[node]) {
      const made = known.find(root, node);
      if (made >= 0) {
        found = made;
        break;
      }
      path.push(node);
    }
    for (let node = path.pop(); node !== undefined; node = path.pop()) {
      found = tree.callee(found, stacks.frame[node]);
      known.at(root, node, found);
    }
    return found;
  };
  sides.forEach((values, side) => {
    for (let i = 0; i < values.count; i++) {
      if (nodes[side][i] < 0) continue;
      const frame = values.thread ? (code.threadFrame[values.thread[i]] ?? code.noThread) : code.noThread;
      nodes[side][i] = place(tree.callee(0, frame), nodes[side][i]);
    }
  });
  return tree.done();
}

/** Makes amounts shares of their side's total. @param {Sums} own @returns {Relative} */
function makeRelative(own) {
  const sum = (/** @type {Float64Array} */ column) => column.reduce((total, value) => total + value, 0);
  const [before, after] = [sum(own.before), sum(own.after)];
  const unit = after || before;
  for (let i = 0; i < own.before.length; i++) {
    if (before > 0) own.before[i] *= unit / before;
    if (after > 0) own.after[i] *= unit / after;
  }
  return { before, after, unit };
}

/** Leaves the stacks that are in a part. @param {Sums} own @param {Float64Array} part */
function keepPart(own, part) {
  const isOut = Uint8Array.from(part, (value) => (value > 0 ? 0 : 1));
  for (const column of sumColumns(own)) {
    for (let i = 0; i < column.length; i++) if (isOut[i]) column[i] = 0;
  }
}

/** @param {Stacks} stacks @param {Float64Array} weight */
function heaviestFrames(stacks, weight) {
  const best = new Int32Array(stacks.nameCount).fill(-1);
  for (let i = 1; i < stacks.count; i++) {
    const node = stacks.merged[i];
    if (best[node] < 0 || weight[i] > weight[best[node]]) best[node] = i;
  }
  for (let i = 0; i < best.length; i++) if (best[i] >= 0) best[i] = stacks.frame[best[i]];
  return best;
}

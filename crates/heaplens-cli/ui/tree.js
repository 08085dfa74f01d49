// Call trees for the graph: sites merged by function name, as view/tree.rs does.

import { invertedTrie, stackTrie } from "./tries.js";
import { noSums, stackSums, sumColumns } from "./sums.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./model.js").Document} Document */
/** @typedef {import("./code.js").Code} Code @typedef {import("./sums.js").Sums} Sums */
/** @typedef {import("./sums.js").Relative} Relative @typedef {import("./tries.js").Trie} Trie */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Index} Index */

/**
 * A model that model.js and describe.js take, and what the page wants to know beside it. `frame` is each node's frame
 * in `code` (-1: the root), `samples` about how many samples its figure rests on (null: it is exact). `relative` has
 * the totals of both sides where amounts are shares of them, as parts of `unit`. `own` has what each node holds by
 * itself; `isInverted`: callers are below. `rate` is there where amounts are shares, too, unlike `doc.rate`, which is
 * for intervals.
 * @typedef {Model & {
 *   code: Code, frame: Int32Array, samples: Float64Array | null, relative: Relative | null, own: Sums,
 *   after: Float64Array, isInverted: boolean, rate: number | null
 * }} Graph
 */

/**
 * The graph that a state asks for: of `after` alone (`before` null), or of what changed. With `state.byThread` the
 * values are those of `home.threads`. Uses of the state: a, b, sample, part, relative, inverted, allocator, runtime,
 * byThread, focus, ignore, hide, showFrom. Patterns that are none are left out (see `problemOf`).
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Graph}
 */
export function modelOf(code, before, after, state) {
  const sums = stackSums(code, before, after, state);
  const trie = state.inverted ? invertedTrie(code, sums, state.byThread) : stackTrie(sums);
  return graphOf(code, trie, facts(code, before !== null, state, sums.relative));
}

/**
 * What a graph is of.
 * @typedef {{sample: State["sample"], isDiff: boolean, rate: number | null, relative: Relative | null}} Facts
 *
 * @param {Code} code @param {boolean} isDiff @param {State} state @param {Relative | null} relative @returns {Facts}
 */
export function facts(code, isDiff, state, relative) {
  return { sample: state.sample, isDiff, rate: rateOf(code, isDiff, state), relative };
}

/**
 * Average bytes between samples, the larger of both sides'; null if they are exact.
 * @param {{index: Index}} of @param {boolean} isDiff @param {Pick<State, "a" | "b">} state @returns {number | null}
 */
export function rateOf({ index }, isDiff, state) {
  const rates = [state.b, ...(isDiff ? [state.a] : [])].map((n) => index.captures[n]?.rate ?? null);
  return rates.reduce((most, rate) => (rate !== null && rate > (most ?? 0) ? rate : most), null);
}

/**
 * A trie in preorder, children by name, with sums over what is below.
 * @param {Code} code @param {Trie} trie @param {Facts} facts @returns {Graph}
 */
export function graphOf(code, trie, { sample, isDiff, rate, relative }) {
  const order = preorder(code, trie);
  const count = order.nodes.length;
  const [own, all] = [noSums(count), noSums(count)];
  const [from, columns, sums] = [sumColumns(trie.own), sumColumns(own), sumColumns(all)];
  for (let c = 0; c < columns.length; c++) gather(from[c], order.nodes, columns[c], sums[c]);
  for (const column of sums) sumUp(order.parent, column);
  const frames = new Float64Array(count);
  // What has no width is not drawn, nor counted.
  for (let i = 0; i < count; i++) frames[i] = i === 0 || all.grown[i] + all.shrunk[i] > 0 ? 1 : 0;
  sumUp(order.parent, frames);
  const bytes = sample.endsWith("space");
  const doc = documentOf(code, trie, order, all, own, { bytes, isDiff, rate: relative ? null : rate });
  return {
    doc,
    count,
    parent: order.parent,
    end: endsBelow(order.parent),
    frames,
    merged: new Map(),
    grown: all.grown,
    shrunk: all.shrunk,
    before: all.before,
    after: all.after,
    other: all.otherAfter,
    otherBefore: all.otherBefore,
    code,
    own,
    relative,
    rate,
    isInverted: !trie.ownsAlone,
    frame: order.nodes.map((node) => trie.frame[node]),
    samples: samplesOf(all, bytes, isDiff, rate, relative),
  };
}

/** @param {Float64Array} from @param {Int32Array} nodes @param {Float64Array} to @param {Float64Array} copy */
function gather(from, nodes, to, copy) {
  for (let i = 0; i < nodes.length; i++) to[i] = copy[i] = from[nodes[i]];
}

/** Adds what is below each node to it. @param {Int32Array} parent @param {Float64Array} column */
function sumUp(parent, column) {
  for (let i = parent.length - 1; i > 0; i--) column[parent[i]] += column[i];
}

/** One past the last node below each. @param {Int32Array} parent */
function endsBelow(parent) {
  const end = new Int32Array(parent.length);
  for (let i = parent.length - 1; i >= 0; i--) {
    if (end[i] === 0) end[i] = i + 1;
    if (i > 0 && end[parent[i]] < end[i]) end[parent[i]] = end[i];
  }
  return end;
}

/**
 * The trie's nodes with anything at or below them, as `model.js` wants them. Loops over numbers, not over lists: this
 * is most of the time that a large graph takes.
 * @param {Code} code @param {Trie} trie @returns {{nodes: Int32Array, parent: Int32Array, depth: Int32Array}}
 */
function preorder(code, trie) {
  const kept = keptNodes(trie);
  const byName = sortedBy(kept, code.rank, trie.name, code.names.length);
  const children = sortedBy(byName, trie.parent, null, trie.count);
  const first = new Int32Array(trie.count + 1);
  for (let i = 0; i < children.length; i++) first[trie.parent[children[i]] + 1]++;
  for (let i = 0; i < trie.count; i++) first[i + 1] += first[i];
  const count = children.length + 1;
  const [nodes, parent, depth] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  // Nodes that wait, and the place of their caller.
  const [pending, callers] = [new Int32Array(count), new Int32Array(count)];
  let waiting = 1;
  for (let place = 0; waiting > 0; place++) {
    const node = pending[--waiting];
    const caller = callers[waiting];
    nodes[place] = node;
    parent[place] = caller;
    depth[place] = place === 0 ? 0 : depth[caller] + 1;
    for (let c = first[node + 1] - 1; c >= first[node]; c--) {
      pending[waiting] = children[c];
      callers[waiting++] = place;
    }
  }
  return { nodes, parent, depth };
}

/** All but the root that have anything at or below them. @param {Trie} trie */
function keptNodes({ count, parent, own }) {
  const { before, after, otherBefore, otherAfter } = own;
  const keeps = new Uint8Array(count);
  const kept = new Int32Array(count);
  let n = 0;
  for (let i = count - 1; i > 0; i--) {
    if (!keeps[i] && before[i] === 0 && after[i] === 0 && otherBefore[i] === 0 && otherAfter[i] === 0) continue;
    keeps[parent[i]] = 1;
    kept[n++] = i;
  }
  return kept.subarray(0, n);
}

/**
 * Sorted by a number below `most`: `by` of each, or of what `through` says of each. Equal ones stay in order.
 * @param {Int32Array} list @param {Int32Array} by @param {Int32Array | null} through @param {number} most
 */
function sortedBy(list, by, through, most) {
  const next = new Int32Array(most + 1);
  const keys = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) {
    keys[i] = by[through ? through[list[i]] : list[i]];
    next[keys[i] + 1]++;
  }
  for (let i = 0; i < most; i++) next[i + 1] += next[i];
  const sorted = new Int32Array(list.length);
  for (let i = 0; i < list.length; i++) sorted[next[keys[i]]++] = list[i];
  return sorted;
}

/**
 * About how many samples each node's figures rest on; null for exact ones.
 * @param {Sums} all @param {boolean} bytes @param {boolean} isDiff @param {number | null} rate
 * @param {Relative | null} relative
 */
function samplesOf(all, bytes, isDiff, rate, relative) {
  if (rate === null || rate <= 1) return null;
  const [before, after] = bytes ? [all.before, all.after] : [all.otherBefore, all.otherAfter];
  const isScaled = bytes && relative !== null && relative.unit > 0;
  const of = (/** @type {number | undefined} */ total) => (isScaled ? (total ?? 0) / relative.unit : 1);
  const [ofBefore, ofAfter] = [of(relative?.before), of(relative?.after)];
  const samples = new Float64Array(after.length);
  for (let i = 0; i < samples.length; i++)
    samples[i] = (after[i] * ofAfter + (isDiff ? before[i] * ofBefore : 0)) / rate;
  return samples;
}

/**
 * @param {Code} code @param {Trie} trie @param {{nodes: Int32Array, depth: Int32Array}} order @param {Sums} all
 * @param {Sums} own @param {{bytes: boolean, isDiff: boolean, rate: number | null}} facts @returns {Document}
 */
function documentOf(code, trie, { nodes, depth }, all, own, { bytes, isDiff, rate }) {
  const count = nodes.length;
  const [name, place, module] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const [net, inlined] = [new Float64Array(count), new Uint8Array(count)];
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const frame = trie.frame[nodes[i]];
    name[i] = trie.name[nodes[i]];
    place[i] = frame < 0 ? -1 : code.framePlace[frame];
    module[i] = frame < 0 ? -1 : code.frameModule[frame];
    inlined[i] = frame < 0 ? 48 : code.frameInlined[frame];
    if (trie.ownsAlone) net[i] = own.grown[i] - own.shrunk[i];
    largest = Math.max(largest, Math.abs(all.grown[i] - all.shrunk[i]));
  }
  const documented = {
    version: 1,
    bytes,
    diff: isDiff,
    rate,
    largest,
    objects: code.index.sample_types.some((type) => type.endsWith("objects")),
    shape: "icicle",
    header: { title: code.index.title, facts: [], warnings: [], legend: "" },
    names: code.names,
    colors: code.colors,
    places: code.places,
    modules: code.modules,
    name,
    depth,
    place,
    module,
    inlined: new TextDecoder().decode(inlined),
    net,
    before: all.before,
    other: all.otherAfter,
    other_before: all.otherBefore,
    merged: [],
  };
  // Typed arrays are read as lists are.
  return /** @type {Document} */ (/** @type {unknown} */ (documented));
}

// Call trees for the graph: sites merged by function name, as view/tree.rs does.

import { invertedTrie, stackTrie } from "./tries.js";
import { noSums, stackSums, sumColumns } from "./sums.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./model.js").Document} Document */
/** @typedef {import("./code.js").Code} Code @typedef {import("./sums.js").Sums} Sums */
/** @typedef {import("./sums.js").Relative} Relative @typedef {import("./tries.js").Trie} Trie */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */

/**
 * A model that model.js and describe.js take, and what the page wants to know beside it. `frame` is each node's frame in
 * `code` (-1: the root), `samples` about how many samples its figure rests on (null: it is exact). `relative` has the
 * totals of both sides where amounts are shares of them, as parts of `unit`. `own` has what each node holds by itself.
 * @typedef {Model & {
 *   code: Code, frame: Int32Array, samples: Float64Array | null, relative: Relative | null, own: Sums,
 *   after: Float64Array
 * }} Graph
 */

/**
 * The graph that a state asks for: of `after` alone (`before` null), or of what changed. With `state.byThread` the values
 * are those of `home.threads`. Uses of the state: a, b, sample, part, relative, inverted, allocator, runtime, byThread,
 * focus, ignore, hide, showFrom. Patterns that are none are left out (see `problemOf`).
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

/** Average bytes between samples, the larger of both sides'; null if they are exact. @param {Code} code @param {boolean} isDiff @param {State} state */
export function rateOf(code, isDiff, state) {
  const rates = [state.b, ...(isDiff ? [state.a] : [])].map((n) => code.index.captures[n]?.rate ?? null);
  return rates.reduce((most, rate) => (rate !== null && rate > (most ?? 0) ? rate : most), null);
}

/** A trie in preorder, children by name, with sums over what is below. @param {Code} code @param {Trie} trie @param {Facts} facts @returns {Graph} */
export function graphOf(code, trie, { sample, isDiff, rate, relative }) {
  const order = preorder(code, trie);
  const count = order.nodes.length;
  const own = noSums(count);
  const columns = sumColumns(own);
  sumColumns(trie.own).forEach((column, c) => {
    const to = columns[c];
    for (let i = 0; i < count; i++) to[i] = column[order.nodes[i]];
  });
  const all = noSums(count);
  sumColumns(all).forEach((column, c) => column.set(columns[c]));
  const end = sumUp(order.parent, sumColumns(all));
  // What has no width is not drawn, nor counted.
  const frames = all.grown.map((grown, i) => (i === 0 || grown + all.shrunk[i] > 0 ? 1 : 0));
  sumUp(order.parent, [frames]);
  const bytes = sample.endsWith("space");
  const doc = documentOf(code, trie, order, all, own, { bytes, isDiff, rate: relative ? null : rate });
  return {
    doc, count, parent: order.parent, end, frames, merged: new Map(),
    grown: all.grown, shrunk: all.shrunk, before: all.before, after: all.after,
    other: all.otherAfter, otherBefore: all.otherBefore,
    code, own, relative,
    frame: order.nodes.map((node) => trie.frame[node]),
    samples: samplesOf(all, bytes, isDiff, rate, relative),
  };
}

/** Adds what is below each node to it, and says where that ends. @param {Int32Array} parent @param {Float64Array[]} columns */
function sumUp(parent, columns) {
  const end = new Int32Array(parent.length);
  for (let i = parent.length - 1; i >= 0; i--) {
    end[i] = Math.max(end[i], i + 1);
    if (i === 0) break;
    const p = parent[i];
    end[p] = Math.max(end[p], end[i]);
    for (const column of columns) column[p] += column[i];
  }
  return end;
}

/**
 * The trie's nodes with anything at or below them, as `model.js` wants them.
 * @param {Code} code @param {Trie} trie @returns {{nodes: Int32Array, parent: Int32Array, depth: Int32Array}}
 */
function preorder(code, trie) {
  const keeps = new Uint8Array(trie.count);
  for (const column of sumColumns(trie.own)) {
    for (let i = 0; i < trie.count; i++) if (column[i] !== 0) keeps[i] = 1;
  }
  keeps[0] = 1;
  for (let i = trie.count - 1; i > 0; i--) if (keeps[i]) keeps[trie.parent[i]] = 1;
  const kept = Int32Array.from(trie.name.keys()).filter((i) => i > 0 && keeps[i] === 1);
  const byName = sortedBy(kept, code.names.length, (i) => code.rank[trie.name[i]]);
  const children = sortedBy(byName, trie.count, (i) => trie.parent[i]);
  const first = new Int32Array(trie.count + 1);
  for (const i of children) first[trie.parent[i] + 1]++;
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

/** Sorted by a number below `most`; equal ones stay in order. @param {Int32Array} list @param {number} most @param {(i: number) => number} by */
function sortedBy(list, most, by) {
  const next = new Int32Array(most + 1);
  for (const i of list) next[by(i) + 1]++;
  for (let i = 0; i < most; i++) next[i + 1] += next[i];
  const sorted = new Int32Array(list.length);
  for (const i of list) sorted[next[by(i)]++] = i;
  return sorted;
}

/**
 * About how many samples each node's figures rest on; null for exact ones.
 * @param {Sums} all @param {boolean} bytes @param {boolean} isDiff @param {number | null} rate @param {Relative | null} relative
 */
function samplesOf(all, bytes, isDiff, rate, relative) {
  if (rate === null || rate <= 1) return null;
  const [before, after] = bytes ? [all.before, all.after] : [all.otherBefore, all.otherAfter];
  const isScaled = bytes && relative !== null && relative.unit > 0;
  const of = (/** @type {number | undefined} */ total) => (isScaled ? (total ?? 0) / relative.unit : 1);
  const [ofBefore, ofAfter] = [of(relative?.before), of(relative?.after)];
  return after.map((value, i) => (value * ofAfter + (isDiff ? before[i] * ofBefore : 0)) / rate);
}

/**
 * @param {Code} code @param {Trie} trie @param {{nodes: Int32Array, depth: Int32Array}} order @param {Sums} all
 * @param {Sums} own @param {{bytes: boolean, isDiff: boolean, rate: number | null}} facts @returns {Document}
 */
function documentOf(code, trie, { nodes, depth }, all, own, { bytes, isDiff, rate }) {
  const ofFrame = (/** @type {Int32Array} */ column) => nodes.map((node) => (trie.frame[node] < 0 ? -1 : column[trie.frame[node]]));
  const inlined = Uint8Array.from(nodes, (node) => (code.index.frames.inlined[trie.frame[node]] === "1" ? 49 : 48));
  let largest = 0;
  for (let i = 0; i < nodes.length; i++) largest = Math.max(largest, Math.abs(all.grown[i] - all.shrunk[i]));
  const columns = {
    name: nodes.map((node) => trie.name[node]),
    depth,
    place: ofFrame(code.framePlace),
    module: ofFrame(code.frameModule),
    net: trie.ownsAlone ? own.grown.map((grown, i) => grown - own.shrunk[i]) : new Float64Array(nodes.length),
    before: all.before,
    other: all.otherAfter,
    other_before: all.otherBefore,
  };
  const documented = {
    version: 1, bytes, diff: isDiff, rate, largest,
    objects: code.index.sample_types.some((type) => type.endsWith("objects")),
    shape: "icicle",
    header: { title: code.index.title, facts: [], warnings: [], legend: "" },
    names: code.names, colors: code.colors, places: code.places, modules: code.modules,
    inlined: new TextDecoder().decode(inlined),
    merged: [],
    ...columns,
  };
  // Typed arrays are read as lists are.
  return /** @type {Document} */ (/** @type {unknown} */ (documented));
}

// The table of functions, as view/top.rs does.

import { compareBytes, frameCrate, ownerOf } from "./code.js";
import { intervalOf } from "./model.js";
import { facts, graphOf } from "./tree.js";
import { stackSums } from "./sums.js";
import { stackTrie } from "./tries.js";

/** @typedef {import("./code.js").Code} Code @typedef {import("./tree.js").Graph} Graph */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./types.js").Values} Values @typedef {import("./types.js").State} State */

/**
 * An amount, or both sides of a difference (`before` is 0 otherwise).
 * @typedef {{before: number, after: number}} Change
 */

/**
 * A function: by itself (`flat`) and with all it calls (`cum`), recursion counted once; `flatOther` and `cumOther` are
 * objects if bytes are counted and bytes if objects are. `owner` is a letter as in the index; `crate`, `place` and
 * `module` are texts, "" for none. `samples`: about how many `cum` rests on, null if exact.
 * @typedef {{
 *   name: string, place: string, module: string, owner: string, crate: string,
 *   flat: Change, cum: Change, flatOther: Change, cumOther: Change, samples: number | null
 * }} TopRow
 *
 * @typedef {{
 *   bytes: boolean, diff: boolean, objects: boolean, rate: number | null,
 *   total: Change, totalOther: Change, grown: number, shrunk: number, rows: TopRow[]
 * }} Top
 */

/**
 * Rows by flat amount (of a difference by the size of its change), then cum, then name. Takes what `modelOf` takes;
 * uses sample, allocator, runtime, focus, ignore, hide and showFrom of the state.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Top}
 */
export function topOf(code, before, after, state) {
  const plain = { ...state, part: /** @type {const} */ ("all"), relative: false, byThread: false };
  const sums = stackSums(code, before, after, plain);
  const graph = graphOf(code, stackTrie(sums), facts(code, before !== null, plain, null));
  const { bytes, diff, objects, rate } = graph.doc;
  /** @type {Map<number, TopRow>} */
  const rows = new Map();
  const places = heaviestPlaces(code, sums);
  eachFunction(graph, (node, isOutermost) => {
    const name = graph.doc.name[node];
    let row = rows.get(name);
    if (!row) rows.set(name, (row = emptyRow(code, name, places[name])));
    row.flat.before += graph.own.before[node];
    row.flat.after += graph.own.after[node];
    row.flatOther.before += graph.own.otherBefore[node];
    row.flatOther.after += graph.own.otherAfter[node];
    if (!isOutermost) return;
    row.cum.before += graph.before[node];
    row.cum.after += graph.after[node];
    row.cumOther.before += graph.otherBefore[node];
    row.cumOther.after += graph.other[node];
  });
  const all = [...rows.values()];
  for (const row of all) {
    const { before: from, after: to } = bytes ? row.cum : row.cumOther;
    if (rate !== null && rate > 1) row.samples = (from + to) / rate;
  }
  return {
    bytes,
    diff,
    objects,
    rate,
    total: { before: graph.before[0], after: graph.after[0] },
    totalOther: { before: graph.otherBefore[0], after: graph.other[0] },
    grown: graph.grown[0],
    shrunk: graph.shrunk[0],
    rows: all.sort(compareRows),
  };
}

/**
 * 95 % interval of a change's net amount in bytes, null for objects and exact values.
 * @param {Pick<Top, "bytes" | "diff" | "rate">} top @param {Change} change
 * @returns {{low: number, high: number} | null}
 */
export function intervalOfChange({ bytes, diff, rate }, { before, after }) {
  const node = { doc: { bytes, diff, rate }, grown: [after - before], shrunk: [0], before: [before] };
  return intervalOf(/** @type {Model} */ (/** @type {unknown} */ (node)), 0);
}

/**
 * Visits all nodes but the root; not outermost is what has its own name above it.
 * @param {Graph} graph @param {(node: number, isOutermost: boolean) => void} visit
 */
function eachFunction(graph, visit) {
  const above = new Int32Array(graph.code.names.length);
  const { name } = graph.doc;
  /** @type {number[]} */
  const path = [];
  for (let i = 1; i < graph.count; i++) {
    while (path.length > 0 && graph.end[path[path.length - 1]] <= i) above[name[/** @type {number} */ (path.pop())]]--;
    visit(i, above[name[i]] === 0);
    above[name[i]]++;
    path.push(i);
  }
}

/** The frame of each name that holds most. @param {Code} code @param {import("./sums.js").StackSums} sums */
function heaviestPlaces(code, { stacks, weight }) {
  const ofFrame = new Float64Array(code.frameName.length);
  for (let i = 1; i < stacks.count; i++) ofFrame[stacks.frame[i]] += weight[i];
  const best = new Int32Array(code.names.length).fill(-1);
  for (let frame = 0; frame < ofFrame.length; frame++) {
    const name = code.frameName[frame];
    if (best[name] < 0 || ofFrame[frame] > ofFrame[best[name]]) best[name] = frame;
  }
  return best;
}

/** @param {Code} code @param {number} name @param {number} frame @returns {TopRow} */
function emptyRow(code, name, frame) {
  const [place, module] = [code.framePlace[frame], code.frameModule[frame]];
  return {
    name: code.names[name],
    place: place >= 0 ? code.places[place] : "",
    module: module >= 0 ? code.modules[module] : "",
    owner: ownerOf(code, frame),
    crate: frameCrate(code, frame),
    flat: { before: 0, after: 0 },
    cum: { before: 0, after: 0 },
    flatOther: { before: 0, after: 0 },
    cumOther: { before: 0, after: 0 },
    samples: null,
  };
}

/** @param {TopRow} a @param {TopRow} b */
function compareRows(a, b) {
  const size = (/** @type {Change} */ { before, after }) => Math.abs(after - before);
  return size(b.flat) - size(a.flat) || size(b.cum) - size(a.cum) || compareBytes(a.name, b.name);
}

// Where the visible frames lie: model.js's layout, as columns, and enlarged around a point.

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./model.js").Block} Block */

/** Narrower frames are merged, in pixels of the graph that is not enlarged. */
export const NARROWEST_FRAME = 1;

/**
 * How the graph is enlarged: `scale` ≥ 1, `left` pixels of it are to the left of the picture.
 * @typedef {{scale: number, left: number}} Lens
 *
 * Blocks by row, each row from left to right. `first` is -1 for a frame; of a merged block `node` is the caller,
 * `first` and `last` are the callees where it begins and ends. `zoomRow` is the row of the zoomed frame.
 * @typedef {{
 *   node: number[], x: number[], width: number[], first: number[], last: number[], rowStart: number[], rows: number,
 *   zoomRow: number
 * }} Lay
 */

/**
 * Lays out a node over the whole width, its callers above it. Enlarged, every frame keeps its place relative to the
 * others: what was merged parts where it lies.
 * @param {Graph} graph @param {number} zoom @param {number} width @param {Lens} lens @returns {Lay}
 */
export function layOut(graph, zoom, width, lens) {
  const { parent } = graph;
  /** @type {number[]} */
  const path = [];
  for (let i = zoom; i > 0; i = parent[i]) path.push(i);
  /** @type {Lay} */
  const lay = { node: [], x: [], width: [], first: [], last: [], rowStart: [], rows: 0, zoomRow: path.length };
  const ancestors = [0, ...path.reverse()];
  for (const node of ancestors) {
    lay.rowStart.push(lay.node.length);
    pushBlock(lay, node, 0, width, -1, -1);
  }
  const base = width / (graph.grown[zoom] + graph.shrunk[zoom] || 1);
  const at = lay.zoomRow;
  lay.x[at] = -lens.left;
  lay.width[at] = width * lens.scale;
  for (let from = at; from < lay.node.length;) {
    const to = lay.node.length;
    for (let block = from; block < to; block++)
      if (lay.first[block] < 0) pushCallees(graph, lay, block, width, base, lens.scale);
    if (lay.node.length > to) lay.rowStart.push(to);
    from = to;
  }
  lay.rows = lay.rowStart.length;
  lay.rowStart.push(lay.node.length);
  return lay;
}

/**
 * @param {Lay} lay @param {number} node @param {number} x @param {number} width @param {number} first
 * @param {number} last
 */
function pushBlock(lay, node, x, width, first, last) {
  lay.node.push(node);
  lay.x.push(x);
  lay.width.push(width);
  lay.first.push(first);
  lay.last.push(last);
}

/**
 * @param {Graph} graph @param {Lay} lay @param {number} block @param {number} right @param {number} base
 * @param {number} scale
 */
function pushCallees(graph, lay, block, right, base, scale) {
  const { grown, shrunk, end } = graph;
  const caller = lay.node[block];
  const stop = end[caller];
  let x = lay.x[block];
  let narrow = 0;
  for (let i = caller + 1; i < stop; i = end[i]) {
    const own = grown[i] + shrunk[i];
    if (own * base < NARROWEST_FRAME) {
      narrow += own;
      continue;
    }
    const width = own * base * scale;
    if (x < right && x + width > 0) pushBlock(lay, i, x, width, -1, -1);
    x += width;
  }
  if (narrow > 0 && x < right && x + narrow * base * scale > 0) pushNarrow(graph, lay, caller, x, right, base, scale);
}

/**
 * Those that are merged where the graph is not enlarged.
 * @param {Graph} graph @param {Lay} lay @param {number} caller @param {number} x @param {number} right
 * @param {number} base @param {number} scale
 */
function pushNarrow(graph, lay, caller, x, right, base, scale) {
  const { grown, shrunk, end } = graph;
  const stop = end[caller];
  let [first, last, start] = [-1, -1, x];
  const flush = () => {
    if (first >= 0 && start < right && x > 0) pushBlock(lay, caller, start, x - start, first, last);
    first = -1;
  };
  for (let i = caller + 1; i < stop; i = end[i]) {
    const own = grown[i] + shrunk[i];
    if (own === 0 || own * base >= NARROWEST_FRAME) continue;
    const width = own * base * scale;
    if (width < NARROWEST_FRAME) {
      if (first < 0) [first, start] = [i, x];
      last = i;
    } else {
      flush();
      if (x < right && x + width > 0) pushBlock(lay, i, x, width, -1, -1);
    }
    x += width;
    if (x > right && first < 0) return;
  }
  flush();
}

/** The block of a row that covers a point, -1 for none. @param {Lay} lay @param {number} row @param {number} x */
export function blockAtPoint(lay, row, x) {
  if (row < 0 || row >= lay.rows) return -1;
  let [low, high] = [lay.rowStart[row], lay.rowStart[row + 1]];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lay.x[middle] <= x) low = middle + 1;
    else high = middle;
  }
  const block = low - 1;
  return block >= lay.rowStart[row] && x < lay.x[block] + lay.width[block] ? block : -1;
}

/** The row of a block. @param {Lay} lay @param {number} block */
export function rowOfBlock(lay, block) {
  let [low, high] = [0, lay.rows];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lay.rowStart[middle] <= block) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The block of a node, or that of merged callees of it; -1 if there is none.
 * @param {Lay} lay @param {number} node @param {boolean} isMerged
 */
export function blockOfNode(lay, node, isMerged) {
  for (let block = 0; block < lay.node.length; block++) {
    if (lay.node[block] === node && lay.first[block] >= 0 === isMerged) return block;
  }
  return -1;
}

/**
 * A block as describe.js takes it.
 * @param {Graph} graph @param {Lay} lay @param {number} block @param {number} base pixels a unit, not enlarged
 * @returns {Block}
 */
export function blockFor(graph, lay, block, base) {
  const row = rowOfBlock(lay, block);
  return {
    node: lay.node[block],
    row,
    x: lay.x[block],
    width: lay.width[block],
    parts: lay.first[block] < 0 ? null : mergedNodes(graph, lay, block, base),
    ancestor: row < lay.zoomRow,
  };
}

/**
 * The callees that a merged block stands for.
 * @param {Graph} graph @param {Lay} lay @param {number} block @param {number} base
 */
export function mergedNodes(graph, lay, block, base) {
  const { grown, shrunk, end } = graph;
  /** @type {number[]} */
  const parts = [];
  for (let i = lay.first[block]; i <= lay.last[block]; i = end[i]) {
    const own = grown[i] + shrunk[i];
    if (own > 0 && own * base < NARROWEST_FRAME) parts.push(i);
  }
  return parts;
}

// Where the blocks of a graph lie: the rules are those of view/layout.rs, and a graph can be enlarged around a point.

import { widthOf } from "./model.js";

/** @typedef {import("./model.js").Model} Model */

/**
 * A rectangle. `parts` holds the nodes of a merged block (its `node` is their caller) and is null for a frame.
 * @typedef {{node: number, row: number, x: number, width: number, parts: number[] | null, ancestor: boolean}} Block
 *
 * How a graph is enlarged: `scale` ≥ 1, `left` pixels of it are to the left of the picture.
 * @typedef {{scale: number, left: number}} Lens
 *
 * Blocks as columns, since there may be many: by row, each row from left to right. `first` is -1 for a frame; of a
 * merged block `node` is the caller, `first` and `last` are the callees where it begins and ends. `rowStart` has the end
 * of the last row, too; `zoomRow` is the row of the zoomed frame, `base` pixels a unit, not enlarged.
 * @typedef {{
 *   node: number[], x: number[], width: number[], first: number[], last: number[], rowStart: number[], rows: number,
 *   zoomRow: number, base: number
 * }} Lay
 */

/** Narrower frames are merged, in pixels. */
const NARROWEST = 1;

/**
 * Lays out a node over the whole width, its callers above it. Enlarged, what is seen of it: every frame keeps its place
 * relative to the others, and what was merged parts where it lies.
 * @param {Model} model @param {number} zoom @param {number} width @param {Lens} [lens] @returns {Lay}
 */
export function layout(model, zoom, width, lens = { scale: 1, left: 0 }) {
  const path = [zoom];
  for (let i = zoom; i > 0; path.push(i)) i = model.parent[i];
  /** @type {Lay} */
  const lay = {
    node: [], x: [], width: [], first: [], last: [], rowStart: [], rows: 0,
    zoomRow: path.length - 1, base: width / (widthOf(model, zoom) || 1),
  };
  for (const node of path.reverse()) {
    lay.rowStart.push(lay.node.length);
    pushBlock(lay, width, node, 0, width, -1, -1);
  }
  lay.x[lay.zoomRow] = -lens.left;
  lay.width[lay.zoomRow] = width * lens.scale;
  for (let from = lay.zoomRow; from < lay.node.length; ) {
    const to = lay.node.length;
    for (let block = from; block < to; block++) {
      if (lay.first[block] < 0) pushCallees(model, lay, block, width, lens.scale);
    }
    if (lay.node.length > to) lay.rowStart.push(to);
    from = to;
  }
  lay.rows = lay.rowStart.length;
  lay.rowStart.push(lay.node.length);
  return lay;
}

/**
 * Adds a block unless it lies beside the picture.
 * @param {Lay} lay @param {number} right @param {number} node @param {number} x @param {number} width
 * @param {number} first @param {number} last
 */
function pushBlock(lay, right, node, x, width, first, last) {
  if (x >= right || x + width <= 0) return;
  lay.node.push(node);
  lay.x.push(x);
  lay.width.push(width);
  lay.first.push(first);
  lay.last.push(last);
}

/** Whether a node is merged where the graph is not enlarged. @param {Model} model @param {number} i @param {number} base */
function isNarrow(model, i, base) {
  return widthOf(model, i) * base < NARROWEST || model.merged.has(i);
}

/**
 * Adds the callees of a block: wide ones, then what is narrow, as it parts where the graph is enlarged.
 * @param {Model} model @param {Lay} lay @param {number} block @param {number} right @param {number} scale
 */
function pushCallees(model, lay, block, right, scale) {
  const { base } = lay;
  const caller = lay.node[block];
  const stop = model.end[caller];
  let x = lay.x[block];
  let narrow = 0;
  for (let i = caller + 1; i < stop; i = model.end[i]) {
    const width = widthOf(model, i) * base * scale;
    if (isNarrow(model, i, base)) narrow += width;
    else {
      pushBlock(lay, right, i, x, width, -1, -1);
      x += width;
    }
  }
  if (narrow === 0 || x >= right || x + narrow <= 0) return;
  let [first, last, start] = [-1, -1, x];
  const flush = () => {
    if (first >= 0) pushBlock(lay, right, caller, start, x - start, first, last);
    first = -1;
  };
  for (let i = caller + 1; i < stop && (x <= right || first >= 0); i = model.end[i]) {
    const width = widthOf(model, i) * base * scale;
    if (width === 0 || !isNarrow(model, i, base)) continue;
    if (width < NARROWEST || model.merged.has(i)) {
      if (first < 0) [first, start] = [i, x];
      last = i;
    } else {
      flush();
      pushBlock(lay, right, i, x, width, -1, -1);
    }
    x += width;
  }
  flush();
}

/** A block by itself. @param {Model} model @param {Lay} lay @param {number} block @param {number} row @returns {Block} */
export function blockFor(model, lay, block, row) {
  return {
    node: lay.node[block],
    row,
    x: lay.x[block],
    width: lay.width[block],
    parts: lay.first[block] < 0 ? null : mergedNodes(model, lay, block),
    ancestor: row < lay.zoomRow,
  };
}

/** The callees that a merged block stands for. @param {Model} model @param {Lay} lay @param {number} block */
export function mergedNodes(model, lay, block) {
  /** @type {number[]} */
  const parts = [];
  for (let i = lay.first[block]; i <= lay.last[block]; i = model.end[i]) {
    if (widthOf(model, i) > 0 && isNarrow(model, i, lay.base)) parts.push(i);
  }
  return parts;
}

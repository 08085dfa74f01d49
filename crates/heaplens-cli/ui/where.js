// Which block of a layout lies where.

/** @typedef {import("./layout.js").Lay} Lay */

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

// Keys in the graph: from frame to frame, and what is done with one.

import { rowOfBlock } from "./where.js";

/** @typedef {import("./graphview.js").GraphView} GraphView @typedef {import("./draw.js").Scene} Scene */

/** @param {GraphView} view */
export function listenToGraphKeys(view) {
  view.scroll.addEventListener("keydown", (event) => {
    const isMenu = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey);
    if (!isMenu && (event.ctrlKey || event.metaKey || event.altKey)) return;
    if (isMenu ? menuOf(view) : act(view, event.key)) event.preventDefault();
  });
}

/** @param {GraphView} view */
function menuOf(view) {
  const block = view.focusedBlock();
  view.showFocus();
  const box = view.outline.getBoundingClientRect();
  view.openMenu(block, box.left + 8, box.bottom);
  return true;
}

/** @param {GraphView} view @param {string} key @returns {boolean} whether it meant anything */
function act(view, key) {
  const { graph, zoom } = view.options;
  const block = view.focusedBlock();
  const scene = view.theScene();
  if (key.startsWith("Arrow")) {
    const next = neighbourOf(scene, block, key);
    if (next >= 0) view.focusOn(next);
    else if (key === "ArrowLeft" || key === "ArrowRight") panBy(view, key === "ArrowLeft" ? -1 : 1);
  } else if (key === "Enter" || key === " ") {
    view.activate(block);
  } else if (key === "Backspace") {
    if (view.lens.scale > 1 || zoom === 0) view.enlarge(1, 0);
    else view.zoomTo(graph.parent[zoom]);
  } else if (key === "Home") {
    view.focusOn(0);
  } else if (key === "c") {
    view.copyStack(scene.lay.node[block]);
  } else if (key === "+" || key === "=" || key === "-") {
    const middle = scene.lay.x[block] + scene.lay.width[block] / 2;
    view.enlargeBy(key === "-" ? 1 / 1.5 : 1.5, Math.min(Math.max(middle, 0), scene.width));
  } else {
    return false;
  }
  return true;
}

/** Shows what lies beside an enlarged graph's part. @param {GraphView} view @param {number} direction */
function panBy(view, direction) {
  const { scale, left } = view.lens;
  if (scale > 1) view.enlarge(scale, left + direction * view.scroll.clientWidth * 0.3);
}

/**
 * The block next to another, in the direction of an arrow key as drawn; -1 for none.
 * @param {Scene} scene @param {number} block @param {string} key
 */
function neighbourOf({ lay, isFlame }, block, key) {
  const row = rowOfBlock(lay, block);
  const isDrawn = (/** @type {number} */ b) => lay.first[b] < 0 || lay.width[b] >= 0.25;
  const [start, end] = [lay.rowStart[row], lay.rowStart[row + 1]];
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const step = key === "ArrowLeft" ? -1 : 1;
    let next = block + step;
    while (next >= start && next < end && !isDrawn(next)) next += step;
    return next >= start && next < end ? next : -1;
  }
  if ((key === "ArrowUp") !== isFlame) {
    const middle = lay.x[block] + lay.width[block] / 2;
    for (let b = row > 0 ? lay.rowStart[row - 1] : 0; row > 0 && b < start; b++) {
      if (lay.first[b] < 0 && lay.x[b] <= middle && middle <= lay.x[b] + lay.width[b]) return b;
    }
    return -1;
  }
  let best = -1;
  for (let b = end; row + 1 < lay.rows && b < lay.rowStart[row + 2]; b++) {
    const isInside =
      lay.x[b] >= lay.x[block] - 0.01 && lay.x[b] + lay.width[b] <= lay.x[block] + lay.width[block] + 0.01;
    if (isInside && isDrawn(b) && (best < 0 || lay.width[b] > lay.width[best])) best = b;
  }
  return best;
}

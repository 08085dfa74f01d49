// Draws blocks of a graph on a canvas.

import { frameLabel } from "./label.js";
import { mergedNodes } from "./layout.js";
import { cut, grouped, nameOf, netOf, widthOf } from "./model.js";
import { paintOf } from "./palette.js";
import { isUnsure } from "./tooltip.js";

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./layout.js").Lay} Lay */
/** @typedef {import("./model.js").Found} Found @typedef {import("./types.js").PaletteData} PaletteData */

/** Height of a row in pixels, the gap to the next one included. */
export const FRAME_ROW = 18;

const FONT = '12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

/** Thinner blocks are not drawn; thinner ones than that have no label. */
const THINNEST_BLOCK = 0.25;
const THINNEST_LABEL = 26;

/** Height of the bar that tells the net change. */
const NET_BAR = 3;

/**
 * What is drawn.
 * @typedef {{
 *   graph: Graph, lay: Lay, palette: PaletteData, color: import("./palette.js").ColorBy, found: Found | null,
 *   isFlame: boolean, width: number, paint?: (node: number) => string
 * }} Scene
 */

/** The top of a row from the top of the graph. @param {Pick<Scene, "lay" | "isFlame">} scene @param {number} row */
export function rowTopOf({ lay, isFlame }, row) {
  return (isFlame ? lay.rows - 1 - row : row) * FRAME_ROW;
}

/**
 * Draws the rows that are seen through a window of that top and height.
 * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {number} top @param {number} height
 */
export function drawScene(context, scene, top, height) {
  const { lay, isFlame } = scene;
  const pen = penOf(context, scene);
  const [from, to] = [Math.floor(top / FRAME_ROW), Math.ceil((top + height) / FRAME_ROW)];
  for (let line = Math.max(from, 0); line < Math.min(to, lay.rows); line++) {
    const row = isFlame ? lay.rows - 1 - line : line;
    for (let block = lay.rowStart[row]; block < lay.rowStart[row + 1]; block++) {
      drawOne(pen, scene, block, row, line * FRAME_ROW - top);
    }
  }
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
function penOf(context, scene) {
  const { graph, palette } = scene;
  context.font = FONT;
  context.textBaseline = "alphabetic";
  return {
    context,
    paint: scene.paint ?? paintOf(graph, palette, scene.color),
    hatch: graph.samples ? hatchOf(context, palette) : null,
    character: context.measureText("M").width,
    shrank: palette.change[0],
    grew: palette.change[palette.change.length - 1],
  };
}

/** @typedef {ReturnType<typeof penOf>} Pen */

/** @param {Pen} pen @param {Scene} scene @param {number} block @param {number} row @param {number} y */
function drawOne(pen, scene, block, row, y) {
  const { graph, lay, palette, found } = scene;
  const { context } = pen;
  const isMerged = lay.first[block] >= 0;
  if (isMerged && lay.width[block] < THINNEST_BLOCK) return;
  const node = lay.node[block];
  const x = Math.max(lay.x[block], -4);
  const width = Math.min(lay.x[block] + lay.width[block], scene.width + 4) - x;
  // A thin gap tells neighbours apart, but must not eat narrow frames.
  const drawn = Math.max(width - 0.75, width * 0.6);
  const isHit = found !== null && isHitBlock(scene, block, isMerged);
  const isAncestor = row < lay.zoomRow;
  context.globalAlpha = isAncestor ? 0.45 : found && !isHit ? 0.4 : 1;
  // A difference keeps its colours under a search, since they mean something.
  context.fillStyle = isHit && !graph.doc.diff ? palette.matched : isMerged ? palette.merged : pen.paint(node);
  fillBlock(context, x, y, drawn);
  if (!isMerged) {
    if (pen.hatch && width > 6 && isUnsure(graph, node)) {
      context.fillStyle = pen.hatch;
      fillBlock(context, x, y, drawn);
    }
    if (graph.doc.diff && width > 2) drawNet(pen, scene, block, y);
    if (isHit && graph.doc.diff && width > 4) {
      context.strokeStyle = palette.matched;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, drawn - 2, FRAME_ROW - 3);
    }
  }
  if (width < THINNEST_LABEL) return;
  context.globalAlpha = 1;
  const start = Math.max(x, 0) + 4;
  const room = Math.floor((Math.min(x + width, scene.width) - start - 3) / pen.character);
  const label = room < 3 ? "" : isMerged ? cut(mergedText(scene, block), room) : frameLabel(nameOf(graph, node), room);
  if (!label) return;
  context.fillStyle = palette.label;
  context.fillText(label, start, y + 12.5);
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} width */
function fillBlock(context, x, y, width) {
  if (width < 24) return context.fillRect(x, y, width, FRAME_ROW - 1);
  context.beginPath();
  context.roundRect(x, y, width, FRAME_ROW - 1, 1.5);
  context.fill();
}

/**
 * The bar of the net change within the width of all change.
 * @param {Pen} pen @param {Scene} scene @param {number} block @param {number} y
 */
function drawNet({ context, grew, shrank }, { graph, lay, color, width: right }, block, y) {
  const node = lay.node[block];
  const net = netOf(graph, node);
  const part = Math.abs(net) / (widthOf(graph, node) || 1);
  // Where all of it is net, the colour of the change says so.
  if (color === "change" && part > 0.99) return;
  const whole = lay.width[block];
  const x = lay.x[block];
  const end = Math.min(x + Math.max(whole - 0.75, whole * 0.6) * part, right + 4);
  if (part === 0 || end <= -4) return;
  context.fillStyle = net > 0 ? grew : shrank;
  context.fillRect(Math.max(x, -4), y + FRAME_ROW - 1 - NET_BAR, end - Math.max(x, -4), NET_BAR);
}

/** @param {Scene} scene @param {number} block @param {boolean} isMerged */
function isHitBlock({ graph, lay, found }, block, isMerged) {
  if (!found) return false;
  if (!isMerged) return found.hit[lay.node[block]] === 1;
  return mergedNodes(graph, lay, block).some((part) => found.below[part] === 1);
}

/** @param {Scene} scene @param {number} block */
function mergedText({ graph, lay }, block) {
  const frames = mergedNodes(graph, lay, block).reduce((sum, part) => sum + graph.frames[part], 0);
  return `${grouped(frames)} frame${frames === 1 ? "" : "s"}`;
}

/**
 * Thin slanted lines, for what few samples say.
 * @param {CanvasRenderingContext2D} context @param {PaletteData} palette
 */
function hatchOf(context, palette) {
  const size = 6;
  const tile = document.createElement("canvas");
  const scale = Math.max(Math.round(context.getTransform().a), 1);
  tile.width = tile.height = size * scale;
  const inner = tile.getContext("2d");
  if (!inner) return null;
  inner.scale(scale, scale);
  inner.strokeStyle = palette.label;
  inner.globalAlpha = 0.22;
  inner.lineWidth = 1;
  inner.beginPath();
  for (const x of [-size, 0, size]) {
    inner.moveTo(x, size);
    inner.lineTo(x + size, 0);
  }
  inner.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}

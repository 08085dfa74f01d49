// The graph as a PNG file.

import { FRAME_ROW, drawScene } from "../draw.js";
import { layout } from "../layout.js";

/** @typedef {import("../canvas.js").FlameOptions} FlameOptions */

const PNG_MARGIN = 10;

/** Browsers draw no more pixels than that in a direction. */
const MOST_PIXELS = 16000;

/**
 * The graph as it is zoomed, whole, `width` CSS pixels wide; of what is too tall, what is nearest to the root.
 * @param {Pick<FlameOptions, "graph" | "zoom" | "found" | "shape" | "color">} options
 * @param {import("../types.js").PaletteData} palette @param {string} background @param {number} width
 * @returns {Promise<Blob>}
 */
export async function pngOf(options, palette, background, width) {
  const { graph, zoom, found, color, shape } = options;
  const inner = width - 2 * PNG_MARGIN;
  const lay = layout(graph, zoom, inner);
  const all = lay.rows * FRAME_ROW;
  const ratio = all * 2 <= MOST_PIXELS ? 2 : 1;
  const height = Math.min(all, Math.floor(MOST_PIXELS / ratio) - 2 * PNG_MARGIN);
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = (height + 2 * PNG_MARGIN) * ratio;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws no pictures");
  context.scale(ratio, ratio);
  context.fillStyle = background;
  context.fillRect(0, 0, width, height + 2 * PNG_MARGIN);
  context.translate(PNG_MARGIN, PNG_MARGIN);
  const scene = {
    graph,
    lay,
    found,
    color,
    palette,
    width: inner,
    isFlame: shape === "flame",
  };
  drawScene(context, scene, scene.isFlame ? all - height : 0, height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("the picture is too large for this browser");
  return blob;
}

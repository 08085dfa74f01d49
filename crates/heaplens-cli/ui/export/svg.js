// The graph as an SVG file.

import { visible } from "../dom.js";
import { FRAME_ROW } from "../draw.js";
import { frameLabel } from "../label.js";
import { blockFor, layout } from "../layout.js";
import { cut, grouped, nameOf, netOf, widthOf } from "../model.js";
import { paintOf } from "../palette.js";
import { isUnsure, boxLines } from "../tooltip.js";

/** @typedef {import("../canvas.js").FlameOptions} FlameOptions @typedef {import("../tree.js").Graph} Graph */
/** @typedef {import("../types.js").PaletteData} PaletteData */

const PICTURE_MARGIN = 10;
const PICTURE_TITLE = 30;
const PICTURE_CHAR = 7.25;

/** Names are shown to so many characters: they can be of 64 kB. */
const PICTURE_TEXT = 2000;

/** @type {Record<string, string>} */
const ENTITIES = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;" };

/** Halves of a pair, which XML has no place for. */
const UNPAIRED = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** @param {string} text */
function xmlText(text) {
  return visible(text)
    .replace(/[<>&"']/g, (c) => ENTITIES[c])
    .replace(UNPAIRED, "\ufffd");
}

/**
 * A plain picture of the graph as it is zoomed, `width` pixels wide; the text of each frame's box is its title.
 * @param {Pick<FlameOptions, "graph" | "zoom" | "found" | "shape" | "color">} options
 * @param {PaletteData} palette @param {string} title @param {number} width @returns {string}
 */
export function svgOf(options, palette, title, width = 1200) {
  const { graph, zoom, shape } = options;
  const inner = width - 2 * PICTURE_MARGIN;
  const lay = layout(graph, zoom, inner);
  const scene = {
    ...options,
    lay,
    palette,
    paint: paintOf(graph, palette, options.color),
  };
  const height = PICTURE_TITLE + lay.rows * FRAME_ROW + PICTURE_MARGIN;
  const dark = palette.label.toLowerCase() === "#ffffff";
  const [back, text] = dark ? ["#17150f", "#f1ece3"] : ["#ffffff", "#1b1712"];
  const parts = [
    `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}"`,
    ` height="${height}" viewBox="0 0 ${width} ${height}" font-size="12"`,
    ` font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace">\n`,
    `<title>${xmlText(title)}</title>\n`,
    `<defs><pattern id="few" width="6" height="6" patternUnits="userSpaceOnUse">`,
    `<path d="M-6 6L0 0M0 6L6 0M6 6L12 0" stroke="${xmlText(palette.label)}" stroke-opacity="0.22"/>`,
    `</pattern></defs>\n`,
    `<rect width="${width}" height="${height}" fill="${back}"/>\n`,
    `<text x="${PICTURE_MARGIN}" y="20" font-size="16" font-weight="bold" fill="${text}">`,
    `${xmlText(cut(title, inner / 10))}</text>\n`,
  ];
  for (let row = 0; row < lay.rows; row++) {
    const y = PICTURE_TITLE + (shape === "flame" ? lay.rows - 1 - row : row) * FRAME_ROW;
    for (let block = lay.rowStart[row]; block < lay.rowStart[row + 1]; block++)
      parts.push(blockMarkup(scene, block, row, y));
  }
  parts.push("</svg>\n");
  return parts.join("");
}

/**
 * @typedef {Pick<FlameOptions, "graph" | "found" | "color"> & {
 *   lay: import("../layout.js").Lay, palette: PaletteData, paint: (node: number) => string
 * }} Picture
 *
 * @param {Picture} scene
 * @param {number} block @param {number} row @param {number} y
 */
function blockMarkup({ graph, found, color, lay, palette, paint }, block, row, y) {
  const shown = blockFor(graph, lay, block, row);
  const { node, parts, width } = shown;
  if (parts && width < 0.25) return "";
  const frames = parts?.reduce((sum, part) => sum + graph.frames[part], 0) ?? 0;
  const name = parts ? `${grouped(frames)} frame${frames === 1 ? "" : "s"}` : nameOf(graph, node);
  const isHit = found && (parts ? parts.some((part) => found.below[part]) : found.hit[node]);
  const fill = isHit && !graph.doc.diff ? palette.matched : parts ? palette.merged : paint(node);
  const opacity = row < lay.zoomRow ? 0.45 : found && !isHit ? 0.4 : 1;
  const x = PICTURE_MARGIN + shown.x;
  const drawn = Math.max(width - 0.75, width * 0.6);
  const place = `x="${x.toFixed(2)}" y="${y}" width="${drawn.toFixed(2)}" height="${FRAME_ROW - 1}"`;
  const faded = opacity < 1 ? ` opacity="${opacity}"` : "";
  const lines = boxLines(graph, shown).map(([, line]) =>
    line.length > PICTURE_TEXT ? `${line.slice(0, PICTURE_TEXT)}…` : line,
  );
  const markup = [
    `<g><title>${xmlText(lines.join(" · "))}</title><rect ${place} rx="1.5" fill="${xmlText(fill)}"${faded}/>`,
  ];
  if (!parts && isUnsure(graph, node) && width > 3) markup.push(`<rect ${place} rx="1.5" fill="url(#few)"${faded}/>`);
  if (!parts && graph.doc.diff) markup.push(netMarkup(graph, node, palette, x, y, drawn, color));
  const room = Math.floor((width - 6) / PICTURE_CHAR);
  const label = parts ? cut(name, room) : frameLabel(name, room);
  if (label) {
    const at = `x="${(x + 4).toFixed(2)}" y="${y + 12.5}"`;
    markup.push(`<text ${at} fill="${xmlText(palette.label)}" xml:space="preserve">${xmlText(label)}</text>`);
  }
  markup.push("</g>\n");
  return markup.join("");
}

/**
 * @param {Graph} graph @param {number} node @param {PaletteData} palette @param {number} x @param {number} y
 * @param {number} width @param {FlameOptions["color"]} color
 */
function netMarkup(graph, node, palette, x, y, width, color) {
  const net = netOf(graph, node);
  const part = Math.abs(net) / (widthOf(graph, node) || 1);
  const bar = part * width;
  if (bar < 0.05 || (color === "change" && part > 0.99)) return "";
  const fill = palette.change[net > 0 ? palette.change.length - 1 : 0];
  const at = `x="${x.toFixed(2)}" y="${y + FRAME_ROW - 4}"`;
  return `<rect ${at} width="${bar.toFixed(2)}" height="3" fill="${xmlText(fill)}"/>`;
}

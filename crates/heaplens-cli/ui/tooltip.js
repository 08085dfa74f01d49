// What is told of a frame: lines for the box beside it and for screen readers.

import { describe } from "./describe.js";
import { grouped, nameOf, percent, widthOf } from "./model.js";

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./layout.js").Block} Block */

/** Figures of fewer samples are marked as unsure. */
export const FEW_SAMPLES = 5;

/** True if a node's figures rest on few samples. @param {Graph} graph @param {number} node */
export function isUnsure(graph, node) {
  return graph.samples !== null && graph.samples[node] < FEW_SAMPLES;
}

/**
 * What a box says of a block: lines of class and text.
 * @param {Graph} graph @param {Block} block @returns {[string, string][]}
 */
export function boxLines(graph, block) {
  if (graph.relative) return block.parts ? relativeParts(graph, block.parts) : relativeLines(graph, block.node);
  const lines = describe(graph, block);
  if (!block.parts) lines.push(...sampleLines(graph, block.node));
  return lines;
}

/** @param {Graph} graph @param {number} node @returns {[string, string][]} */
function sampleLines(graph, node) {
  if (graph.samples === null) return [];
  const count = grouped(graph.samples[node]);
  const text = `about ${count} sample${count === "1" ? "" : "s"}`;
  return isUnsure(graph, node) ? [["unsure", `${text}: hatched, since so few say little`]] : [["muted", text]];
}

/**
 * Shares of both sides' totals instead of amounts.
 * @param {Graph} graph @param {number} node @returns {[string, string][]}
 */
function relativeLines(graph, node) {
  const { doc, before, after, relative } = graph;
  const unit = relative?.unit ?? 0;
  const points = ((after[node] - before[node]) / (unit || 1)) * 100;
  const sign = points >= 0.05 ? "+" : points <= -0.05 ? "−" : "±";
  const lines = /** @type {[string, string][]} */ ([["name", nameOf(graph, node)]]);
  if (doc.place[node] >= 0) lines.push(["muted", doc.places[doc.place[node]]]);
  lines.push(
    ["", `${percent(before[node], unit)} → ${percent(after[node], unit)} of its side's total`],
    ["", `${sign}${Math.abs(points).toFixed(1)} percentage points`],
    ["", `${percent(widthOf(graph, node), widthOf(graph, 0))} of all change of shares`],
    ...sampleLines(graph, node),
  );
  return lines;
}

/** @param {Graph} graph @param {number[]} parts @returns {[string, string][]} */
function relativeParts(graph, parts) {
  const sum = (/** @type {(node: number) => number} */ of) => parts.reduce((total, node) => total + of(node), 0);
  return [
    ["name", `${grouped(sum((node) => graph.frames[node]))} frames`],
    ["muted", "too narrow to draw one by one; click to zoom in"],
    [
      "",
      `${percent(
        sum((node) => widthOf(graph, node)),
        widthOf(graph, 0),
      )} of all change of shares`,
    ],
  ];
}

/** The stack of a node as people paste it: innermost first, with places. @param {Graph} graph @param {number} node */
export function stackText(graph, node) {
  const { doc } = graph;
  /** @type {string[]} */
  const lines = [];
  for (let i = node; ; i = graph.parent[i]) {
    if (i > 0 || graph.frame[0] >= 0) {
      const place = doc.place[i] >= 0 ? ` (${doc.places[doc.place[i]]})` : "";
      lines.push(`${nameOf(graph, i)}${place}`);
    }
    if (i === 0) break;
  }
  return (graph.isInverted ? lines.reverse() : lines).join("\n");
}

/** A figure's short form beside a name. @param {Graph} graph @param {number} node */
export function shortFigure(graph, node) {
  const line = boxLines(graph, { node, row: 0, x: 0, width: 0, parts: null, ancestor: false }).find(
    ([kind]) => kind === "",
  );
  return line ? line[1] : "";
}

// What is told of a frame: lines for the box beside it.

import { amount, grouped, intervalText, nameOf, netOf, percent, signed, widthOf } from "./model.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./layout.js").Block} Block */

/** What the box says of a block: lines of class and text. @param {Model} model @param {Block} block @returns {[string, string][]} */
export function describe(model, block) {
  return block.parts ? describeMerged(model, block.parts) : describeFrame(model, block.node);
}

/** @param {Model} model @param {number} i @returns {[string, string][]} */
export function describeFrame(model, i) {
  const { doc } = model;
  /** @type {[string, string][]} */
  const lines = [["name", nameOf(model, i)]];
  if (doc.place[i] >= 0) lines.push(["muted", doc.places[doc.place[i]]]);
  const inlined = doc.inlined[i] === "1" ? "inlined" : "";
  const where = [doc.module[i] >= 0 ? doc.modules[doc.module[i]] : "", inlined].filter(Boolean).join(", ");
  if (where) lines.push(["muted", where]);
  lines.push(...amounts(model, i), ["", shares(model, widthOf(model, i), i)]);
  return lines;
}

/** @param {Model} model @param {number} i @returns {[string, string][]} */
export function amounts(model, i) {
  const { doc } = model;
  const estimate = doc.rate !== null && doc.rate > 1 ? "≈ " : "";
  const about = doc.bytes ? "" : estimate;
  const net = netOf(model, i);
  const other = model.other[i];
  if (!doc.diff) {
    const objects = doc.objects ? `, ${estimate}${amount(other, !doc.bytes)}` : "";
    /** @type {[string, string][]} */
    const lines = [["", `${about}${amount(net, doc.bytes)}${intervalText(model, i)}${objects}`]];
    const own = doc.net[i];
    if (own > 0 && own < net) lines.push(["", `of it by itself: ${amount(own, doc.bytes)}`]);
    return lines;
  }
  const before = model.before[i];
  /** @type {[string, string][]} */
  const lines = [
    ["", `${about}${amount(before, doc.bytes)} → ${amount(before + net, doc.bytes)}`],
    ["", `net ${signed(net, doc.bytes)}${intervalText(model, i)}`],
    ["", `grown ${signed(model.grown[i], doc.bytes)}, shrunk ${signed(-model.shrunk[i], doc.bytes)}`],
  ];
  if (doc.objects) {
    const from = model.otherBefore[i];
    const change = signed(other - from, !doc.bytes);
    lines.push(["", `${estimate}${amount(from, !doc.bytes)} → ${amount(other, !doc.bytes)} (${change})`]);
  }
  return lines;
}

/** @param {Model} model @param {number} width @param {number} i */
export function shares(model, width, i) {
  const total = model.doc.diff ? "of all change" : "of total";
  const whole = `${percent(width, widthOf(model, 0))} ${total}`;
  return i === 0 ? whole : `${whole}, ${percent(width, widthOf(model, model.parent[i]))} of its caller's`;
}

/** @param {Model} model @param {number[]} parts @returns {[string, string][]} */
export function describeMerged(model, parts) {
  const { doc } = model;
  const sum = (/** @type {(i: number) => number} */ of) => parts.reduce((total, i) => total + of(i), 0);
  const frames = sum((i) => model.frames[i]);
  const width = sum((i) => widthOf(model, i));
  const net = sum((i) => netOf(model, i));
  const figure = doc.diff
    ? `${amount(width, doc.bytes)} of change, net ${signed(net, doc.bytes)}`
    : amount(width, doc.bytes);
  /** @type {[string, string][]} */
  const lines = [
    ["name", `${grouped(frames)} frame${frames === 1 ? "" : "s"}, ${figure}`],
    ["muted", "too narrow to draw one by one; click to zoom in"],
    ["", shares(model, width, parts[0])],
  ];
  const widest = widestOf(model, parts);
  if (widest >= 0) lines.push(["muted", `widest: ${nameOf(model, widest)}, ${amount(widthOf(model, widest), doc.bytes)}`]);
  return lines;
}

/** The widest of some nodes that is in the file, -1 if none is. @param {Model} model @param {number[]} nodes */
export function widestOf(model, nodes) {
  return nodes
    .filter((i) => !model.merged.has(i))
    .reduce((best, i) => (best < 0 || widthOf(model, i) > widthOf(model, best) ? i : best), -1);
}

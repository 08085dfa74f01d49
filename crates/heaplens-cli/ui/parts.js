// The parts that a frame's callees (or callers, or threads) make of it, as a table.

import { functionCell } from "./cells.js";
import { rounded } from "./csv.js";
import { html } from "./dom.js";
import { amount, nameOf, netOf, percent, signed, widthOf } from "./model.js";
import { rangeText } from "./rate.js";
import { intervalOfChange } from "./top.js";

/** @typedef {import("./tree.js").Graph} Graph */
/** @typedef {import("./top.js").Change} Change */
/** @typedef {import("./top.js").Top} Top */

/**
 * `node` is -1 for what the frame did itself.
 * @typedef {{node: number, name: string, place: string, width: number, change: Change, other: Change}} Part
 */

/**
 * The parts of the root, the widest first; `rest` names what no part has.
 * @param {Graph} graph @param {string} rest @returns {Part[]}
 */
export function partsOf(graph, rest) {
  const { doc } = graph;
  /** @type {Part[]} */
  const parts = [];
  if (graph.count === 0) return parts;
  const change = (/** @type {number} */ i) => {
    const before = doc.diff ? graph.before[i] : 0;
    return { before, after: before + netOf(graph, i) };
  };
  const other = (/** @type {number} */ i) => ({ before: doc.diff ? graph.otherBefore[i] : 0, after: graph.other[i] });
  const left = { width: widthOf(graph, 0), change: change(0), other: other(0) };
  for (let i = 1; i < graph.count; i = graph.end[i]) {
    const place = doc.place[i] >= 0 ? doc.places[doc.place[i]] : "";
    const part = {
      node: i,
      name: nameOf(graph, i),
      place,
      width: widthOf(graph, i),
      change: change(i),
      other: other(i),
    };
    parts.push(part);
    left.width -= part.width;
    for (const side of /** @type {const} */ (["before", "after"])) {
      left.change[side] -= part.change[side];
      left.other[side] -= part.other[side];
    }
  }
  if (left.width >= 0.5) parts.push({ node: -1, name: rest, place: "", ...left });
  return parts.sort((x, y) => y.width - x.width);
}

/**
 * @param {Graph} graph @param {string} title of the names
 * @returns {import("./order.js").Column<Part>[]}
 */
export function partColumns(graph, title) {
  const { bytes, diff, rate, objects } = graph.doc;
  const whole = widthOf(graph, 0);
  const net = (/** @type {Change} */ change) => change.after - change.before;
  const write = (/** @type {Change} */ change, /** @type {boolean} */ isBytes) =>
    diff ? signed(net(change), isBytes) : amount(change.after, isBytes);
  const top = /** @type {Top} */ (/** @type {unknown} */ ({ bytes, diff, rate }));
  const range = (/** @type {Part} */ part) => {
    const interval = intervalOfChange(top, part.change);
    return interval ? rangeText(interval.low, interval.high, diff) : "";
  };
  /** @type {import("./order.js").Column<Part>[]} */
  const columns = [
    {
      key: "amount",
      title: diff ? "net" : bytes ? "bytes" : "objects",
      kind: "number",
      width: "6.5rem",
      text: (part) => write(part.change, bytes),
      sort: (part) => net(part.change),
    },
    {
      key: "share",
      title: diff ? "of change" : "share",
      kind: "number",
      width: "6rem",
      text: (part) => percent(part.width, whole),
      sort: (part) => part.width,
      part: (part) => part.width / (whole || 1),
    },
  ];
  if (diff) {
    columns.push(
      {
        key: "from",
        title: "in A",
        kind: "number",
        width: "6.2rem",
        text: (part) => amount(part.change.before, bytes),
        sort: (part) => part.change.before,
        wide: true,
      },
      {
        key: "to",
        title: "in B",
        kind: "number",
        width: "6.2rem",
        text: (part) => amount(part.change.after, bytes),
        sort: (part) => part.change.after,
        wide: true,
      },
    );
  }
  if (bytes && rate !== null && rate > 1 && !graph.relative) {
    columns.push({
      key: "range",
      title: "95 %",
      hint: "where the true figure lies, 19 times of 20",
      kind: "number",
      width: diff ? "13rem" : "8.6rem",
      text: range,
      wide: true,
    });
  }
  if (objects) {
    columns.push({
      key: "other",
      title: bytes ? "objects" : "bytes",
      kind: "number",
      width: "7.2rem",
      text: (part) => write(part.other, !bytes).replace(/ objects?$/, ""),
      sort: (part) => net(part.other),
      wide: true,
    });
  }
  columns.push({
    key: "name",
    title,
    kind: "name",
    width: "minmax(10rem, 1fr)",
    text: (part) => part.name,
    cell: (part) =>
      part.node < 0 ? [html("span", { class: "muted" }, part.name)] : functionCell(part.name, part.place, ""),
    sort: (part) => part.name,
  });
  return columns;
}

/** Fields of a file. @param {Graph} graph @returns {import("./csv.js").Field<Part>[]} */
export function partFields(graph) {
  const { diff, objects, bytes } = graph.doc;
  /** @type {import("./csv.js").Field<Part>[]} */
  const fields = [
    { name: "name", value: (part) => part.name },
    { name: bytes ? "bytes" : "objects", value: (part) => rounded(part.change.after - part.change.before) },
  ];
  if (diff)
    fields.push(
      { name: "from", value: (part) => rounded(part.change.before) },
      { name: "to", value: (part) => rounded(part.change.after) },
    );
  if (objects)
    fields.push({ name: bytes ? "objects" : "bytes", value: (part) => rounded(part.other.after - part.other.before) });
  fields.push({ name: "location", value: (part) => part.place });
  return fields;
}

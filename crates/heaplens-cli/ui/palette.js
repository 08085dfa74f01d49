// The colours of frames, from the index's palette.

import { frameCrate, ownerOf } from "./code.js";
import { crateColor } from "./crates.js";
import { changeStep, netOf } from "./model.js";

/** @typedef {import("./types.js").PaletteData} PaletteData @typedef {import("./tree.js").Graph} Graph */
/** @typedef {import("./code.js").Code} Code */
/** @typedef {"name" | "owner" | "crate" | "change"} ColorBy */

const OWNER_LETTERS = "asrtp";
const OWNER_TEXTS = ["allocator", "standard library", "runtime", "third party", "the program's own"];

/**
 * The colour of an owner's letter; of what is not known, that of merged frames.
 * @param {PaletteData} palette @param {string} letter
 */
export function ownerColor(palette, letter) {
  return palette.owner[OWNER_LETTERS.indexOf(letter)] ?? palette.merged;
}

/** Steps of change to either side of none. */
const CHANGE_STEPS = 8;

/**
 * The colour of each node. "change" is for differences; of a graph that is none it is "name".
 * @param {Graph} graph @param {PaletteData} palette @param {ColorBy} by
 * @returns {(node: number) => string}
 */
export function paintOf(graph, palette, by) {
  const { code, doc, frame } = graph;
  if (by === "owner") {
    // The root is nobody's.
    return (node) => (frame[node] < 0 ? palette.merged : ownerColor(palette, ownerOf(code, frame[node])));
  }
  if (by === "crate") {
    const colors = crateColors(code, palette);
    return (node) => colors[code.frameFunction[frame[node]] ?? -1] ?? palette.merged;
  }
  if (by === "change" && doc.diff)
    return (node) => palette.change[changeStep(netOf(graph, node), doc.largest) + CHANGE_STEPS];
  const colors = Array.from(code.colors, (digit) => palette.warm[parseInt(digit, 36)]);
  return (node) => colors[doc.name[node]];
}

/** The colour of each function by its crate. @param {Code} code @param {PaletteData} palette */
function crateColors(code, palette) {
  const { crate } = code.index.functions;
  /** @type {Map<number, string>} */
  const known = new Map();
  return crate.map((string) => {
    const color =
      known.get(string) ?? (string < 0 ? palette.merged : crateColor(code, code.index.strings[string], palette));
    known.set(string, color);
    return color;
  });
}

/**
 * What the colours mean, for a legend: of "name" nothing; of "crate" those that hold most.
 * @param {Graph} graph @param {PaletteData} palette @param {ColorBy} by
 * @returns {{color: string, text: string}[]}
 */
export function legendOf(graph, palette, by) {
  if (by === "owner") {
    const owners = OWNER_TEXTS.map((text, i) => ({ color: palette.owner[i], text }));
    const hasUnknown = graph.code.index.functions.owner.includes("u");
    return hasUnknown ? [...owners, { color: palette.merged, text: "not known: no names of functions" }] : owners;
  }
  if (by === "change" && graph.doc.diff) {
    return [
      { color: palette.change[0], text: "shrank" },
      { color: palette.change[CHANGE_STEPS], text: "unchanged" },
      { color: palette.change[2 * CHANGE_STEPS], text: "grew" },
    ];
  }
  return by === "crate" ? largestCrates(graph, palette, 8) : [];
}

/** Those whose frames take most of the picture. @param {Graph} graph @param {PaletteData} palette @param {number} most */
function largestCrates(graph, palette, most) {
  const { code, frame } = graph;
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (let i = 1; i < graph.count; i++) {
    const crate = frameCrate(code, frame[i]);
    sums.set(crate, (sums.get(crate) ?? 0) + graph.grown[i] + graph.shrunk[i]);
  }
  const named = [...sums].filter(([crate, size]) => crate !== "" && size > 0).sort((a, b) => b[1] - a[1]);
  const items = named.slice(0, most).map(([crate]) => ({ color: crateColor(code, crate, palette), text: crate }));
  return [...items, { color: palette.merged, text: "no crate" }];
}

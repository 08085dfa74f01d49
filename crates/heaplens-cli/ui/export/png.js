// The graph as a PNG file.

/** @typedef {import("../canvas.js").FlameOptions} FlameOptions */

/**
 * The graph as it is zoomed, whole, `width` CSS pixels wide.
 * @param {Pick<FlameOptions, "graph" | "zoom" | "found" | "shape" | "color">} options
 * @param {import("../types.js").PaletteData} palette @param {string} background @param {number} width @returns {Promise<Blob>}
 */
export async function pngOf(options, palette, background, width) {
  throw new Error(`to be written: ${options} ${palette} ${background} ${width}`);
}

// Which of the palette's colours for crates each crate has.

import { compareBytes, nameHash } from "./code.js";

/** @typedef {import("./code.js").Code} Code @typedef {import("./types.js").PaletteData} PaletteData */

/** @type {WeakMap<Code, Map<string, number>>} */
const crateSlots = new WeakMap();

/** The colour of a crate of this code. @param {Code} code @param {string} name @param {PaletteData} palette */
export function crateColor(code, name, palette) {
  const slots = crateSlots.get(code) ?? slotsOf(code);
  crateSlots.set(code, slots);
  const slot = slots.get(name) ?? 0;
  const hues = palette.crates[0].length;
  return palette.crates[Math.floor(slot / hues)][slot % hues];
}

/**
 * A colour for each crate: the one that its name says, so that it is the same in the next report; another hue if a crate
 * with more functions has that one.
 * @param {Code} code
 */
function slotsOf(code) {
  const { strings, functions, palette } = code.index;
  const hues = palette.light.crates[0].length;
  const count = hues * palette.light.crates.length;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const string of functions.crate) {
    if (string >= 0) counts.set(strings[string], (counts.get(strings[string]) ?? 0) + 1);
  }
  /** @type {Set<number>} */
  const taken = new Set();
  /** @type {Map<string, number>} */
  const slots = new Map();
  const order = [...counts].sort(([a, x], [b, y]) => y - x || compareBytes(a, b));
  for (const [name] of order) {
    let slot = nameHash(name) % count;
    // Lightness alone is hardly told apart. Five steps on reach every hue.
    if (taken.size < hues) while (taken.has(slot % hues)) slot = (slot + 5) % count;
    taken.add(slot % hues);
    slots.set(name, slot);
  }
  return slots;
}

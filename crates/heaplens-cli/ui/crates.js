// Colours that tell crates apart: all hues, of one lightness, so that every one carries the same label.

import { compareBytes, nameHash } from "./code.js";

const LIGHTNESSES = 3;
const HUES = 24;

/** @typedef {import("./code.js").Code} Code @typedef {import("./types.js").PaletteData} PaletteData */

/** @type {WeakMap<Code, Map<string, number>>} */
const crateSlots = new WeakMap();

/** The colour of a crate of this code. @param {Code} code @param {string} name @param {PaletteData} palette */
export function crateColor(code, name, palette) {
  const slots = crateSlots.get(code) ?? slotsOf(code);
  crateSlots.set(code, slots);
  return slotColor(slots.get(name) ?? 0, /^#f/i.test(palette.label));
}

/** One of all such colours, for dark text or for light. @param {number} slot @param {boolean} isDark */
export function slotColor(slot, isDark) {
  const hue = (slot % HUES) * (360 / HUES);
  const step = Math.floor(slot / HUES) % LIGHTNESSES;
  return isDark ? fromOklch(0.38 + 0.05 * step, 0.075, hue) : fromOklch(0.8 + 0.045 * step, 0.085, hue);
}

/**
 * A colour for each crate: the one that its name says, so that it is the same in the next report; another hue if a crate
 * with more functions has that one.
 * @param {Code} code
 */
function slotsOf(code) {
  const { strings, functions } = code.index;
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
    let slot = nameHash(name) % (HUES * LIGHTNESSES);
    // Lightness alone is hardly told apart. Five steps on reach every hue.
    if (taken.size < HUES) while (taken.has(slot % HUES)) slot = (slot + 5) % (HUES * LIGHTNESSES);
    taken.add(slot % HUES);
    slots.set(name, slot);
  }
  return slots;
}

/**
 * The sRGB colour of a lightness, chroma and hue, as in view/palette.rs.
 * @param {number} lightness @param {number} chroma @param {number} hue
 */
export function fromOklch(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channel = (/** @type {number} */ linear) => {
    const c = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
    return Math.min(Math.max(Math.round(c * 255), 0), 255)
      .toString(16)
      .padStart(2, "0");
  };
  const red = channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  return `#${red}${green}${channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)}`;
}

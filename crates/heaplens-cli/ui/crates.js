// Colours that tell crates apart: all hues, of one lightness, so that every one carries the same label.

import { nameHash } from "./code.js";

const HUES = 24;

/** @type {Map<string, string>} */
const crateColorsKnown = new Map();

/** The same crate always has the same colour. @param {string} name @param {import("./types.js").PaletteData} palette */
export function crateColor(name, palette) {
  const isDark = /^#f/i.test(palette.label);
  const key = `${isDark ? "d" : "l"}${name}`;
  let color = crateColorsKnown.get(key);
  if (!color) {
    const hash = nameHash(name);
    const hue = (hash % HUES) * (360 / HUES);
    const step = Math.floor(hash / HUES) % 3;
    color = isDark ? fromOklch(0.38 + 0.05 * step, 0.075, hue) : fromOklch(0.8 + 0.045 * step, 0.085, hue);
    crateColorsKnown.set(key, color);
  }
  return color;
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

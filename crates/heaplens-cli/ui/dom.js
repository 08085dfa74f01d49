// Elements with text that cannot be markup.

/** @typedef {Node | string | null | false | undefined} Child */
/** @typedef {Record<string, string | number | null | undefined | false>} Attributes */

/** Characters that are not seen, or change how others are; as in out/escape.rs. */
const HIDDEN = new RegExp(
  "[\\0-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e" +
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff\\u{e0000}-\\u{e0fff}]",
  "gu",
);

/** @type {Record<string, string>} */
const USUAL = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A text with nothing hidden in it: control characters and marks of direction as `\x1b`, `\u{202e}`.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(HIDDEN, (c) => {
    const code = c.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return USUAL[c] ?? (code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
  });
}

/**
 * An element with attributes and children; strings become text, never markup, with nothing hidden. `""` sets an
 * attribute without a value; null and false are left out.
 * @param {string} tag @param {Attributes} attributes @param {Child[]} children
 */
export function html(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  for (const child of children) {
    if (child) element.append(typeof child === "string" ? visible(child) : child);
  }
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag @param {Attributes} attributes @param {Node[]} children
 */
export function svgHtml(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, typeof value === "number" ? String(value) : visible(value));
  }
}

/**
 * A button that does something.
 * @param {string} text @param {() => void} act @param {Record<string, string | null | undefined | false>} attributes
 */
export function button(text, act, attributes = {}) {
  const element = /** @type {HTMLButtonElement} */ (html("button", { type: "button", ...attributes }, text));
  element.addEventListener("click", act);
  return element;
}

/** A name that may be broken after `::`. @param {string} name @param {number} most characters @returns {Node[]} */
export function breakable(name, most) {
  const parts = visible(shortened(name, most)).match(/.+?(?:::|_|,(?!\d)|$)/g) ?? [];
  return parts.flatMap((part, i) => (i > 0 ? [document.createElement("wbr"), new Text(part)] : [new Text(part)]));
}

/** A long name with its middle left out. @param {string} text @param {number} most characters */
export function shortened(text, most) {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(text.length - half)}`;
}

/**
 * Runs work that takes time; of several, only the last one's result counts.
 * @returns {<T>(work: Promise<T>, done: (result: T) => void, failed: (why: unknown) => void) => Promise<void>}
 */
export function latest() {
  let turn = 0;
  return async (work, done, failed) => {
    const mine = ++turn;
    try {
      const result = await work;
      if (mine === turn) done(result);
    } catch (why) {
      if (mine === turn) failed(why);
    }
  };
}

/** A unit stays in the line of its number. @param {string} text */
export const together = (text) => text.replace(/(\d) (?=(?:%|[KMGT]?i?B|s|min|h|d)(?!\w))/g, "$1\u00a0");

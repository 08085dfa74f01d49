// What stands around the graph: header and controls.

/** @typedef {import("./model.js").Document} Document */

/**
 * An XHTML element with attributes and children; strings become text, never markup.
 * @param {string} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children
 */
export function html(tag, attributes = {}, ...children) {
  const element = /** @type {HTMLElement} */ (document.createElementNS("http://www.w3.org/1999/xhtml", tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An SVG element with attributes. @param {string} tag @param {Record<string, string | number>} attributes */
export function svgElement(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return /** @type {SVGGraphicsElement} */ (element);
}

const KEYS = [
  ["click, Enter", "zoom to the frame; on a caller: zoom out to it"],
  ["↑ ↓", "to the caller or the widest callee, as drawn"],
  ["← →", "to the neighbour in the row"],
  ["Home", "to the root"],
  ["Backspace", "zoom out to the caller"],
  ["/, Ctrl-F", "search; Ctrl-F again for the browser's own"],
  ["i", "icicle (root at the top) or flame (root at the bottom)"],
  ["Escape", "close this, else clear the search, else zoom out"],
  ["?", "show or hide these keys"],
];

/** Builds the header from the data; `legend` is the drawn one of a difference. @param {Document} doc @param {Element | null} legend */
export function buildHead(doc, legend) {
  const search = html("input", {
    id: "search", type: "search", placeholder: "search names  ( / )", spellcheck: "false", autocomplete: "off",
    "aria-label": "search function names",
  });
  const check = (/** @type {string} */ id, /** @type {string} */ text, /** @type {string} */ title) =>
    html("label", { title }, html("input", { id, type: "checkbox" }), text);
  const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {string} */ title) =>
    html("button", { id, type: "button", title }, text);
  const bar = html(
    "div", { id: "bar", role: "toolbar", "aria-label": "graph" },
    search,
    check("regex", "regex", "search with a regular expression"),
    check("case", "match case", "upper and lower case differ"),
    button("reset", "reset zoom", "show the whole graph (Escape)"),
    button("shape", "flame", "turn the graph upside down (i)"),
    button("help", "keys ?", "show the keys (?)"),
    html("span", { id: "matched", role: "status" }),
  );
  const keys = html("dl", { id: "keys", hidden: "" });
  for (const [key, text] of KEYS) keys.append(html("dt", {}, key), html("dd", {}, text));
  const head = html("div", { id: "head" }, html("h1", {}, doc.header.title));
  for (const fact of doc.header.facts) head.append(html("p", { class: "fact" }, fact));
  for (const warning of doc.header.warnings) {
    head.append(html("p", { class: "warning", role: "note" }, `⚠ ${warning}`));
  }
  if (doc.header.symbols) {
    const { summary, modules } = doc.header.symbols;
    const list = modules.map((module) => html("p", { class: "muted" }, module));
    head.append(html("details", { class: "muted" }, html("summary", {}, `Symbols: ${summary}`), ...list));
  }
  head.append(html("p", { class: "muted" }, doc.header.legend));
  if (legend) {
    const width = Number(legend.getAttribute("data-width"));
    const picture = svgElement("svg", { width, height: 18, viewBox: `0 0 ${width} 18`, role: "img" });
    picture.setAttribute("aria-label", "red grew, blue shrank, grey neither");
    const copy = /** @type {Element} */ (legend.cloneNode(true));
    copy.removeAttribute("transform");
    picture.append(copy);
    head.append(picture);
  }
  head.append(bar, keys);
  return head;
}

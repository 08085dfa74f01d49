// What stands around the graph: header, controls, the box that describes a frame.

/**
 * An XHTML element with attributes and children; strings become text, never markup.
 * @param {string} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children
 */
function html(tag, attributes = {}, ...children) {
  const element = /** @type {HTMLElement} */ (document.createElementNS("http://www.w3.org/1999/xhtml", tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An SVG element with attributes. @param {string} tag @param {Record<string, string | number>} attributes */
function svgElement(tag, attributes = {}) {
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
function buildHead(doc, legend) {
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

/** What the box says of a block: lines of class and text. @param {Model} model @param {Block} block @returns {[string, string][]} */
function describe(model, block) {
  return block.parts ? describeMerged(model, block.parts) : describeFrame(model, block.node);
}

/** @param {Model} model @param {number} i @returns {[string, string][]} */
function describeFrame(model, i) {
  const { doc } = model;
  /** @type {[string, string][]} */
  const lines = [["name", nameOf(model, i)]];
  if (doc.place[i] >= 0) lines.push(["muted", doc.places[doc.place[i]]]);
  const inlined = doc.inlined[i] === "1" ? "inlined" : "";
  const where = [doc.module[i] >= 0 ? doc.modules[doc.module[i]] : "", inlined].filter(Boolean).join(", ");
  if (where) lines.push(["muted", where]);
  lines.push(...amounts(model, i), ["", shares(model, widthOf(model, i), i)]);
  return lines;
}

/** @param {Model} model @param {number} i @returns {[string, string][]} */
function amounts(model, i) {
  const { doc } = model;
  const estimate = doc.rate !== null && doc.rate > 1 ? "≈ " : "";
  const about = doc.bytes ? "" : estimate;
  const net = netOf(model, i);
  const other = model.other[i];
  if (!doc.diff) {
    const objects = doc.objects ? `, ${estimate}${amount(other, !doc.bytes)}` : "";
    /** @type {[string, string][]} */
    const lines = [["", `${about}${amount(net, doc.bytes)}${intervalText(model, i)}${objects}`]];
    const own = doc.net[i];
    if (own > 0 && own < net) lines.push(["", `of it by itself: ${amount(own, doc.bytes)}`]);
    return lines;
  }
  const before = model.before[i];
  /** @type {[string, string][]} */
  const lines = [
    ["", `${about}${amount(before, doc.bytes)} → ${amount(before + net, doc.bytes)}`],
    ["", `net ${signed(net, doc.bytes)}${intervalText(model, i)}`],
    ["", `grown ${signed(model.grown[i], doc.bytes)}, shrunk ${signed(-model.shrunk[i], doc.bytes)}`],
  ];
  if (doc.objects) {
    const from = model.otherBefore[i];
    const change = signed(other - from, !doc.bytes);
    lines.push(["", `${estimate}${amount(from, !doc.bytes)} → ${amount(other, !doc.bytes)} (${change})`]);
  }
  return lines;
}

/** @param {Model} model @param {number} width @param {number} i */
function shares(model, width, i) {
  const total = model.doc.diff ? "of all change" : "of total";
  const whole = `${percent(width, widthOf(model, 0))} ${total}`;
  return i === 0 ? whole : `${whole}, ${percent(width, widthOf(model, model.parent[i]))} of its caller's`;
}

/** @param {Model} model @param {number[]} parts @returns {[string, string][]} */
function describeMerged(model, parts) {
  const { doc } = model;
  const sum = (/** @type {(i: number) => number} */ of) => parts.reduce((total, i) => total + of(i), 0);
  const frames = sum((i) => model.frames[i]);
  const width = sum((i) => widthOf(model, i));
  const net = sum((i) => netOf(model, i));
  const figure = doc.diff
    ? `${amount(width, doc.bytes)} of change, net ${signed(net, doc.bytes)}`
    : amount(width, doc.bytes);
  /** @type {[string, string][]} */
  const lines = [
    ["name", `${grouped(frames)} frame${frames === 1 ? "" : "s"}, ${figure}`],
    ["muted", "too narrow to draw one by one; click to zoom in"],
    ["", shares(model, width, parts[0])],
  ];
  const widest = widestOf(model, parts);
  if (widest >= 0) lines.push(["muted", `widest: ${nameOf(model, widest)}, ${amount(widthOf(model, widest), doc.bytes)}`]);
  return lines;
}

/** The widest of some nodes that is in the file, -1 if none is. @param {Model} model @param {number[]} nodes */
function widestOf(model, nodes) {
  return nodes
    .filter((i) => !model.merged.has(i))
    .reduce((best, i) => (best < 0 || widthOf(model, i) > widthOf(model, best) ? i : best), -1);
}

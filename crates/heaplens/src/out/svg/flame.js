// The interactive graph: draws the blocks, keeps the state, answers to mouse, keys and URL.
//
// For tests and for people who write styles. These exist once the script has run (`svg.live`):
//   #search (input), #regex and #case (check boxes), #matched (the share found), #reset, #shape, #help (buttons),
//   #keys (the list of keys), #tip (describes the frame under the mouse or in focus),
//   .frame[data-i] (a frame; data-i is its number in preorder), .frame.ancestor (a caller of the zoomed frame),
//   .frame.merged[data-parent][data-frames] (a block of frames too narrow to draw), .frame.hit (found),
//   #frames.searching (while there is a search).
// URL fragment: zoom (key of the stack), search, mode=regex, case=1, shape=flame|icicle.

import { describe, widestOf } from "./describe.js";
import { blockFor, layout } from "./layout.js";
import {
  amount, colorOf, cut, decode, find, grouped, keysOf, nameOf, netOf, percent, shareOf, signed, widthOf,
} from "./model.js";
import { buildHead, html, svgElement } from "./panel.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./layout.js").Block} Block */
/** @typedef {import("./model.js").Found} Found */

const ROW = 18;
const CHAR = 7.25;
const MARGIN = 10;
const THINNEST = 0.25;

const svg = /** @type {SVGSVGElement} */ (document.currentScript?.closest("svg") ?? document.documentElement);
/** True for the file itself, false inside an HTML page. */
const isPage = svg === /** @type {Element} */ (document.documentElement);
const model = decode(JSON.parse(svg.querySelector("#data")?.textContent ?? ""));
const head = buildHead(model.doc, svg.querySelector("#legend"));
const headBox = svgElement("foreignObject", { x: 0, y: 0, width: 100, height: 100 });
const graph = svgElement("g", { id: "frames", role: "group", "aria-label": "call stacks" });
const overBox = svgElement("foreignObject", { id: "over", x: 0, y: 0, width: 100, height: 1 });
const tip = html("div", { id: "tip", role: "status", hidden: "" });

const state = {
  zoom: 0,
  search: "",
  regex: false,
  matchCase: false,
  shape: model.doc.shape,
};

/** @type {Block[][]} */
let rows = [];
/** @type {Map<Element, Block>} */
let blockOf = new Map();
/** @type {Map<string, Element>} */
let elementOf = new Map();
/** Key of the block that Tab reaches. */
let focusKey = "";
/** @type {Found | null} */
let found = null;
/** @type {ReturnType<typeof keysOf> | null} */
let keys = null;
/** Width and top of the graph as drawn last. */
let size = { width: 0, top: 0 };

/** @param {string} id */
function control(id) {
  return /** @type {HTMLInputElement} */ (head.querySelector(`#${id}`));
}

/** @param {Block} block */
function keyOf(block) {
  return block.parts ? `m${block.node}` : `f${block.node}`;
}

function availableWidth() {
  const outer = isPage ? svg.clientWidth : svg.parentElement?.clientWidth;
  return Math.max(outer || innerWidth, 120);
}

/** Lays out and draws everything anew. */
function render() {
  const width = availableWidth();
  headBox.setAttribute("width", String(width));
  headBox.setAttribute("height", "10000");
  control("reset").disabled = state.zoom === 0;
  control("shape").textContent = state.shape === "icicle" ? "flame" : "icicle";
  const top = Math.ceil(head.offsetHeight) + 4;
  headBox.setAttribute("height", String(top));
  rows = blocksOf(layout(model, state.zoom, width - 2 * MARGIN));
  const height = top + rows.length * ROW + MARGIN;
  svg.setAttribute("width", isPage ? "100%" : String(width));
  svg.setAttribute("height", String(isPage ? Math.max(height, innerHeight) : height));
  size = { width, top };
  draw();
  highlight();
  // The scroll bar may have come or gone with the new height.
  if (availableWidth() !== width && !render.again) {
    render.again = true;
    render();
    render.again = false;
  }
}
render.again = false;

/** By row, each from left to right. @param {import("./layout.js").Lay} lay */
function blocksOf(lay) {
  return Array.from({ length: lay.rows }, (_, row) =>
    lay.node.slice(lay.rowStart[row], lay.rowStart[row + 1]).map((_, i) => blockFor(model, lay, lay.rowStart[row] + i, row)),
  );
}

function draw() {
  const hadFocus = graph.contains(document.activeElement);
  hideTip();
  blockOf = new Map();
  elementOf = new Map();
  const all = document.createDocumentFragment();
  for (const row of rows) {
    for (const block of row) {
      if (block.parts && block.width < THINNEST) continue;
      const element = drawBlock(block);
      blockOf.set(element, block);
      elementOf.set(keyOf(block), element);
      all.append(element);
    }
  }
  graph.replaceChildren(all);
  if (!elementOf.has(focusKey)) focusKey = `f${state.zoom}`;
  elementOf.get(focusKey)?.setAttribute("tabindex", "0");
  if (hadFocus) focusOn(focusKey);
}

/** @param {Block} block */
function rowTop(block) {
  return size.top + (state.shape === "icicle" ? block.row : rows.length - 1 - block.row) * ROW;
}

/** @param {Block} block */
function drawBlock(block) {
  const merged = block.parts;
  const frames = merged ? merged.reduce((sum, i) => sum + model.frames[i], 0) : 1;
  const kind = merged ? " merged" : block.ancestor ? " ancestor" : "";
  const group = svgElement("g", { class: `frame${kind}`, tabindex: -1, role: "button" });
  if (merged) {
    group.setAttribute("data-parent", String(block.node));
    group.setAttribute("data-frames", String(frames));
  } else {
    group.setAttribute("data-i", String(block.node));
  }
  const y = rowTop(block);
  const x = MARGIN + block.x;
  group.append(
    svgElement("rect", {
      class: merged ? "m" : colorOf(model, block.node),
      x: x.toFixed(2),
      y,
      // A thin gap tells neighbours apart, but must not eat narrow frames.
      width: Math.max(block.width - 0.75, block.width * 0.6).toFixed(2),
      height: ROW - 1,
    }),
  );
  const name = merged ? `${grouped(frames)} frame${frames === 1 ? "" : "s"}` : nameOf(model, block.node);
  const label = cut(name, Math.floor((block.width - 6) / CHAR));
  if (label) {
    const text = svgElement("text", { class: "label", x: (x + 3).toFixed(2), y: y + 13 });
    text.textContent = label;
    group.append(text);
  }
  const width = merged ? merged.reduce((sum, i) => sum + widthOf(model, i), 0) : netOf(model, block.node);
  const figure = model.doc.diff && !merged ? signed(width, model.doc.bytes) : amount(width, model.doc.bytes);
  group.setAttribute("aria-label", `${name}, ${figure}`);
  return group;
}

/** Marks what the search found and says how much it is. */
function highlight() {
  graph.classList.toggle("searching", found !== null);
  for (const [element, block] of blockOf) {
    const hit = found && (block.parts ? block.parts.some((i) => found?.below[i]) : found.hit[block.node]);
    element.classList.toggle("hit", Boolean(hit));
  }
  if (found) control("matched").textContent = matchedText(found);
}

/** @param {Found} hits */
function matchedText(hits) {
  const { bytes, diff } = model.doc;
  const all = shareOf(model, hits, 0);
  if (all.width === 0) return "matched: nothing";
  const net = diff ? `, net ${signed(all.net, bytes)}` : "";
  const whole = diff ? " of all change" : "";
  const zoom = state.zoom
    ? `, ${percent(shareOf(model, hits, state.zoom).width, widthOf(model, state.zoom))} of the zoomed frame`
    : "";
  return `matched: ${percent(all.width, widthOf(model, 0))}${whole} (${amount(all.width, bytes)}${net})${zoom}`;
}

/** Searches for what the state says. */
function search() {
  found = null;
  let problem = "";
  if (state.search) {
    const source = state.regex ? state.search : state.search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    try {
      found = find(model, new RegExp(source, state.matchCase ? "" : "i"));
    } catch {
      problem = "not a regular expression";
    }
  }
  control("search").setAttribute("aria-invalid", String(problem !== ""));
  control("matched").textContent = problem;
}

/** @param {number} node */
function zoomTo(node) {
  if (node === state.zoom) return;
  state.zoom = node;
  focusKey = `f${node}`;
  render();
  save("push");
  const element = elementOf.get(focusKey);
  const box = element?.getBoundingClientRect();
  if (box && (box.top < 0 || box.bottom > innerHeight)) element?.scrollIntoView({ block: "center" });
}

/** @param {Block} block */
function activate(block) {
  if (!block.parts) return zoomTo(block.node);
  // The caller gives them more room; once it has all the room there is, the widest of them gets it, of those
  // that the search found where there are any.
  const hits = block.parts.filter((i) => found?.below[i]);
  const widest = widestOf(model, hits.length > 0 ? hits : block.parts);
  zoomTo(block.node !== state.zoom || widest < 0 ? block.node : widest);
}

function toggleShape() {
  state.shape = state.shape === "icicle" ? "flame" : "icicle";
  render();
  save("replace");
}

function toggleKeys() {
  control("keys").toggleAttribute("hidden");
  render();
}

// The box beside a frame.

/** @param {Block} block @param {number} x @param {number} y */
function showTip(block, x, y) {
  tip.replaceChildren(...describe(model, block).map(([kind, text]) => html("div", { class: kind }, text)));
  tip.removeAttribute("hidden");
  const page = svg.getBoundingClientRect();
  const room = Math.min(640, size.width - 2 * MARGIN);
  overBox.setAttribute("width", String(room));
  const box = tip.getBoundingClientRect();
  const left = Math.max(Math.min(x + 12, size.width - box.width - MARGIN), MARGIN);
  const below = y + 18 + box.height < innerHeight;
  overBox.setAttribute("x", String(left - page.left));
  overBox.setAttribute("y", String((below ? y + 18 : Math.max(y - box.height - 8, 0)) - page.top));
}

function hideTip() {
  tip.setAttribute("hidden", "");
}

/** @param {EventTarget | null} target @returns {[Element, Block] | null} */
function blockAt(target) {
  const element = target instanceof Element ? target.closest(".frame") : null;
  const block = element && blockOf.get(element);
  return element && block ? [element, block] : null;
}

// Keys.

/** @param {string} key */
function focusOn(key) {
  const element = elementOf.get(key);
  if (!element) return;
  elementOf.get(focusKey)?.setAttribute("tabindex", "-1");
  focusKey = key;
  element.setAttribute("tabindex", "0");
  /** @type {SVGElement} */ (element).focus();
}

/** The block next to the one in focus, in the direction of an arrow key as drawn. @param {string} key */
function neighbour(key) {
  const current = blockOf.get(/** @type {Element} */ (elementOf.get(focusKey)));
  if (!current) return undefined;
  const drawn = (/** @type {Block[] | undefined} */ row) => (row ?? []).filter((b) => elementOf.has(keyOf(b)));
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const row = drawn(rows[current.row]);
    return row[row.indexOf(current) + (key === "ArrowLeft" ? -1 : 1)];
  }
  const toCaller = (key === "ArrowUp") === (state.shape === "icicle");
  if (toCaller) {
    const middle = current.x + current.width / 2;
    return drawn(rows[current.row - 1]).find((b) => !b.parts && b.x <= middle && middle <= b.x + b.width);
  }
  const inside = drawn(rows[current.row + 1]).filter(
    (b) => b.x >= current.x - 0.01 && b.x + b.width <= current.x + current.width + 0.01,
  );
  return inside.reduce((best, b) => (best && best.width >= b.width ? best : b), /** @type {Block | undefined} */ (undefined));
}

function escapeKey() {
  if (!control("keys").hasAttribute("hidden")) return toggleKeys();
  if (state.search) return setSearch("");
  hideTip();
  zoomTo(0);
}

/** @param {string} text */
function setSearch(text) {
  control("search").value = text;
  readControls();
}

function readControls() {
  state.search = control("search").value;
  state.regex = control("regex").checked;
  state.matchCase = control("case").checked;
  search();
  const before = head.offsetHeight;
  highlight();
  if (head.offsetHeight !== before || head.offsetHeight + 4 > size.top) render();
  save("replace");
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const typing = event.target instanceof Element && event.target.id === "search";
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "f" && !typing && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    return startSearch();
  }
  if (command || event.altKey) return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (typing && !state.search) return focusOn(focusKey);
    return escapeKey();
  }
  if (typing) {
    if (event.key === "Enter" || event.key === "ArrowDown") focusOn(focusKey);
    return;
  }
  const element = event.target instanceof Element ? event.target : null;
  const onControl = head.contains(element);
  const arrow = event.key.startsWith("Arrow") && !onControl;
  if (arrow) {
    event.preventDefault();
    if (!graph.contains(element)) return focusOn(focusKey);
    const next = neighbour(event.key);
    if (next) focusOn(keyOf(next));
  } else if ((event.key === "Enter" || event.key === " ") && !onControl) {
    const at = blockAt(element);
    if (!at) return;
    event.preventDefault();
    activate(at[1]);
    focusOn(focusKey);
  } else if (event.key === "Backspace") {
    event.preventDefault();
    zoomTo(model.parent[state.zoom]);
  } else if (event.key === "Home" && !onControl) {
    event.preventDefault();
    focusOn("f0");
  } else if (event.key === "/") {
    event.preventDefault();
    startSearch();
  } else if (event.key === "i") {
    toggleShape();
  } else if (event.key === "?") {
    toggleKeys();
  }
}

function startSearch() {
  control("search").focus();
  control("search").select();
}

// State in the URL fragment.

/** Computed when first asked for. */
function stackKeys() {
  keys ??= keysOf(model);
  return keys;
}

/** @param {"push" | "replace"} how */
function save(how) {
  const parameters = new URLSearchParams();
  if (state.zoom) parameters.set("zoom", stackKeys().key(state.zoom));
  if (state.search) parameters.set("search", state.search);
  if (state.regex) parameters.set("mode", "regex");
  if (state.matchCase) parameters.set("case", "1");
  if (state.shape !== model.doc.shape) parameters.set("shape", state.shape);
  const fragment = `#${parameters}`;
  if (fragment === (location.hash || "#")) return;
  try {
    if (how === "push") history.pushState(null, "", fragment);
    else history.replaceState(null, "", fragment);
  } catch {
    // Some pages forbid it (a sandboxed frame, too many changes a second); the graph works without.
  }
}

function restore() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const zoom = parameters.get("zoom");
  state.zoom = zoom ? Math.max(stackKeys().find(zoom), 0) : 0;
  state.search = parameters.get("search") ?? "";
  state.regex = parameters.get("mode") === "regex";
  state.matchCase = parameters.get("case") === "1";
  const shape = parameters.get("shape");
  state.shape = shape === "flame" || shape === "icicle" ? shape : model.doc.shape;
  control("search").value = state.search;
  control("regex").checked = state.regex;
  control("case").checked = state.matchCase;
  focusKey = `f${state.zoom}`;
  search();
  if (found) control("matched").textContent = matchedText(found);
  render();
}

function start() {
  svg.querySelector("#static")?.remove();
  svg.removeAttribute("viewBox");
  svg.removeAttribute("role");
  svg.classList.add("live");
  headBox.append(head);
  overBox.append(tip);
  svg.append(headBox, graph, overBox);
  graph.addEventListener("click", (event) => {
    const at = blockAt(event.target);
    if (at) activate(at[1]);
  });
  graph.addEventListener("pointermove", (event) => {
    const at = blockAt(event.target);
    if (at) showTip(at[1], event.clientX, event.clientY);
    else hideTip();
  });
  graph.addEventListener("pointerleave", hideTip);
  graph.addEventListener("focusin", (event) => {
    const at = blockAt(event.target);
    if (!at || !at[0].matches(":focus-visible")) return;
    const box = at[0].getBoundingClientRect();
    showTip(at[1], box.left, box.top + 4);
  });
  graph.addEventListener("focusout", hideTip);
  for (const id of ["search", "regex", "case"]) control(id).addEventListener("input", readControls);
  control("reset").addEventListener("click", () => zoomTo(0));
  control("shape").addEventListener("click", toggleShape);
  control("help").addEventListener("click", toggleKeys);
  head.querySelector("details")?.addEventListener("toggle", render);
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", restore);
  addEventListener("popstate", restore);
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(render);
  });
  restore();
}

start();

// One flame graph on the page: its elements, what is drawn, and what can be done with it.
//
// For tests and for people who write styles: .graph-crumbs (path to the root), .graph-scroll (has the focus and
// scrolls), .graph-canvas, .graph-hover and .graph-focus (outlines), .graph-tip (the box beside a frame), .graph-said
// (what screen readers are told of the frame in focus).

import { crumbsOf } from "./crumbs.js";
import { widestOf } from "./describe.js";
import { html } from "./dom.js";
import { FRAME_ROW, drawScene, rowTopOf } from "./draw.js";
import { blockFor, layout } from "./layout.js";
import { openMenu } from "./menu.js";
import { nameOf } from "./model.js";
import { paintOf } from "./palette.js";
import { listenToPointer } from "./pan.js";
import { copyText, tipBox } from "./tip.js";
import { boxLines, stackText } from "./tooltip.js";
import { listenToGraphKeys } from "./walk.js";
import { blockAtPoint, blockOfNode, rowOfBlock } from "./where.js";

/**
 * @typedef {import("./canvas.js").FlameOptions} FlameOptions @typedef {import("./canvas.js").FrameAction} FrameAction
 */
/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./types.js").PaletteData} PaletteData */
/** @typedef {import("./draw.js").Scene} Scene @typedef {import("./layout.js").Lens} Lens */

/** The frame in focus: a node, or the merged callees of one. @typedef {{node: number, isMerged: boolean}} Focus */

/** So far a graph can be enlarged: beyond, a pixel is less than any sample. */
const MOST_ENLARGED = 1e6;

/** @type {[FrameAction, string][]} */
const FRAME_ACTIONS = [
  ["focus", "Focus: only stacks with it"],
  ["ignore", "Ignore: no stacks with it"],
  ["hide", "Hide this frame"],
  ["showFrom", "Show from here"],
  ["sandwich", "Callers and callees"],
];

let graphs = 0;

/** The elements and the state of one graph on the page. */
export class GraphView {
  /** @param {HTMLElement} container @param {FlameOptions} options */
  constructor(container, options) {
    this.options = options;
    /** @type {Lens} */
    this.lens = { scale: 1, left: 0 };
    /** @type {Focus} */
    this.focused = { node: options.zoom, isMerged: false };
    const id = `graphkeys${++graphs}`;
    this.crumbs = html("nav", { class: "graph-crumbs", "aria-label": "path to the root" });
    this.canvas = /** @type {HTMLCanvasElement} */ (html("canvas", { class: "graph-canvas" }));
    this.hover = html("div", { class: "graph-hover", hidden: "" });
    this.outline = html("div", { class: "graph-focus", hidden: "" });
    this.space = html("div", { class: "graph-space" }, this.canvas, this.hover, this.outline);
    this.scroll = html(
      "div",
      { class: "graph-scroll", tabindex: "0", role: "application", "aria-describedby": id },
      this.space,
    );
    this.said = html("div", { class: "graph-said", role: "status", "aria-live": "polite" });
    const help = html(
      "p",
      { class: "graph-said", id },
      "Arrow keys move between frames, Enter zooms in, Backspace out, c copies the stack, Shift F10 opens a menu.",
    );
    this.tip = tipBox();
    this.element = html("div", { class: "graph" }, this.crumbs, this.scroll, this.said, help, this.tip.element);
    container.replaceChildren(this.element);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.waiting = 0;
    /** @type {Scene | null} */
    this.scene = null;
    /** Height of the graph as drawn last, -1 before. */
    this.height = -1;
    /** True if the zoomed frame is to be seen in the next picture. */
    this.seeksZoom = false;
    /**
     * The colours as used last.
     * @type {{graph: Graph, color: string, palette: PaletteData, paint: (node: number) => string} | null}
     */
    this.painted = null;
    this.redraw = () => {
      this.waiting ||= requestAnimationFrame(() => this.render());
    };
    this.restyle = () => this.relay();
    this.observer = new ResizeObserver(() => this.relay());
    this.observer.observe(this.scroll);
    this.dark.addEventListener("change", this.restyle);
    // A screen with other pixels is told by this alone.
    addEventListener("resize", this.restyle);
    this.scroll.addEventListener("scroll", this.redraw, { passive: true });
    this.scroll.addEventListener("focus", () => this.showFocus(true));
    this.scroll.addEventListener("blur", () => {
      this.outline.hidden = true;
      this.tip.hide();
    });
    listenToPointer(this);
    listenToGraphKeys(this);
    this.update({});
  }

  /** @param {Partial<FlameOptions>} changed */
  update(changed) {
    const { graph, zoom, shape } = this.options;
    Object.assign(this.options, changed);
    if (shape !== this.options.shape) this.seeksZoom = true;
    if (graph !== this.options.graph || zoom !== this.options.zoom) {
      this.lens = { scale: 1, left: 0 };
      this.focused = { node: this.options.zoom, isMerged: false };
      this.seeksZoom = true;
    }
    this.scroll.setAttribute("aria-label", this.options.label);
    if (this.options.crumbs === false) this.crumbs.hidden = true;
    else this.crumbs.replaceChildren(crumbsOf(this.options.graph, this.options.zoom, (node) => this.zoomTo(node)));
    this.tip.hide();
    this.relay();
  }

  destroy() {
    this.observer.disconnect();
    this.dark.removeEventListener("change", this.restyle);
    removeEventListener("resize", this.restyle);
    cancelAnimationFrame(this.waiting);
    this.element.remove();
  }

  get palette() {
    return this.dark.matches ? this.options.palette.dark : this.options.palette.light;
  }

  /** Lays out anew, with the next picture. */
  relay() {
    this.scene = null;
    this.hover.hidden = true;
    this.redraw();
  }

  /** What is drawn, laid out when first asked for. @returns {Scene} */
  theScene() {
    if (this.scene) return this.scene;
    const { graph, zoom, color, found, shape } = this.options;
    const width = Math.max(this.scroll.clientWidth, 1);
    const { palette, painted } = this;
    const isPainted = painted?.graph === graph && painted.color === color && painted.palette === palette;
    const paint = isPainted ? painted.paint : paintOf(graph, palette, color);
    this.painted = { graph, color, palette, paint };
    this.scene = {
      graph,
      color,
      found,
      width,
      paint,
      palette,
      lay: layout(graph, zoom, width, this.lens),
      isFlame: shape === "flame",
    };
    return this.scene;
  }

  render() {
    this.waiting = 0;
    if (this.scroll.clientWidth === 0) return;
    const scene = this.theScene();
    const height = scene.lay.rows * FRAME_ROW;
    if (height !== this.height) {
      // A flame stands on its root: what grows above it must not push it away.
      const below = this.height - this.scroll.scrollTop;
      this.space.style.height = `${height}px`;
      if (scene.isFlame) this.scroll.scrollTop = this.height < 0 ? height : height - below;
      this.height = height;
    }
    if (this.seeksZoom) this.scrollToRow(scene.lay.zoomRow);
    this.seeksZoom = false;
    const tall = Math.min(this.scroll.clientHeight, height);
    const ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(scene.width * ratio), Math.round(tall * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.width = `${scene.width}px`;
      this.canvas.style.height = `${tall}px`;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, scene.width, tall);
    drawScene(this.context, scene, this.scroll.scrollTop, tall);
    this.placeFocus();
  }

  /** The block at a point of the window, -1 for none. @param {number} clientX @param {number} clientY */
  blockAt(clientX, clientY) {
    const scene = this.theScene();
    const box = this.space.getBoundingClientRect();
    const line = Math.floor((clientY - box.top) / FRAME_ROW);
    const row = scene.isFlame ? scene.lay.rows - 1 - line : line;
    return blockAtPoint(scene.lay, row, clientX - box.left);
  }

  /** What is told of a block. @param {number} block */
  boxLines(block) {
    const { graph, lay } = this.theScene();
    return boxLines(graph, blockFor(graph, lay, block, rowOfBlock(lay, block)));
  }

  /** Puts an outline around a block; -1 hides it. @param {HTMLElement} outline @param {number} block */
  placeOutline(outline, block) {
    const scene = this.theScene();
    outline.hidden = block < 0;
    if (block < 0) return;
    const x = Math.max(scene.lay.x[block], 0);
    const width = Math.min(scene.lay.x[block] + scene.lay.width[block], scene.width) - x;
    outline.style.transform = `translate(${x}px, ${rowTopOf(scene, rowOfBlock(scene.lay, block))}px)`;
    outline.style.width = `${Math.max(width, 3)}px`;
  }

  /** The block in focus; the zoomed frame if it is not drawn. */
  focusedBlock() {
    const { lay } = this.theScene();
    const block = blockOfNode(lay, this.focused.node, this.focused.isMerged);
    return block >= 0 ? block : lay.zoomRow;
  }

  placeFocus() {
    this.placeOutline(this.outline, document.activeElement === this.scroll ? this.focusedBlock() : -1);
  }

  /** Shows and tells the frame in focus. @param {boolean} isQuiet true where only the outline is wanted */
  showFocus(isQuiet = false) {
    this.placeFocus();
    const block = this.focusedBlock();
    const lines = this.boxLines(block);
    this.said.textContent = lines.map(([, text]) => text).join(", ");
    if (isQuiet) return;
    this.scrollToRow(rowOfBlock(this.theScene().lay, block));
    const box = this.outline.getBoundingClientRect();
    this.tip.show(lines, box.left, box.top + 4, "focus");
  }

  /** @param {number} block */
  focusOn(block) {
    const { lay } = this.theScene();
    this.focused = { node: lay.node[block], isMerged: lay.first[block] >= 0 };
    this.showFocus();
  }

  /** @param {number} row */
  scrollToRow(row) {
    const scene = this.theScene();
    const top = rowTopOf(scene, row);
    const { scrollTop, clientHeight } = this.scroll;
    if (top < scrollTop || top + 2 * FRAME_ROW > scrollTop + clientHeight) {
      const edge = scene.isFlame ? clientHeight - 3 * FRAME_ROW : 2 * FRAME_ROW;
      this.scroll.scrollTop = top - edge;
    }
  }

  /** @param {number} node */
  zoomTo(node) {
    this.tip.hide();
    if (node !== this.options.zoom) this.options.onZoom(node);
    else if (this.lens.scale > 1) this.enlarge(1, 0);
  }

  /** What a click does: zooms, or gives merged frames more room. @param {number} block */
  activate(block) {
    const { graph, lay, found } = this.theScene();
    const { node, parts } = blockFor(graph, lay, block, rowOfBlock(lay, block));
    if (!parts) return this.zoomTo(node);
    // The caller gives them more room; once it has all the room there is, the widest of them gets it, of those that the
    // search found where there are any.
    const hits = parts.filter((part) => found?.below[part]);
    const widest = widestOf(graph, hits.length > 0 ? hits : parts);
    this.zoomTo(node !== this.options.zoom || widest < 0 ? node : widest);
  }

  /** Enlarges around a point of the graph. @param {number} factor of what it is now; 1 to show all @param {number} x */
  enlargeBy(factor, x) {
    const { scale, left } = this.lens;
    const next = Math.min(Math.max(scale * factor, 1), MOST_ENLARGED);
    this.enlarge(next, ((left + x) * next) / scale - x);
  }

  /** @param {number} scale @param {number} left */
  enlarge(scale, left) {
    const width = this.scroll.clientWidth;
    const lens = { scale, left: Math.min(Math.max(left, 0), width * (scale - 1)) };
    if (lens.scale === this.lens.scale && lens.left === this.lens.left) return;
    this.lens = lens;
    this.relay();
  }

  /** Opens the menu of a block. @param {number} block @param {number} x @param {number} y */
  openMenu(block, x, y) {
    const { graph, lay } = this.theScene();
    const node = lay.node[block];
    const isMerged = lay.first[block] >= 0;
    this.tip.hide();
    const zoom = { text: isMerged ? "Zoom to these" : "Zoom in", key: "Enter", run: () => this.activate(block) };
    const copy = { text: "Copy stack", key: "c", run: () => this.copyStack(node) };
    const copyName = { text: "Copy name", run: () => void this.copy(nameOf(graph, node), "name") };
    // What is no function has nothing to choose by.
    const isFunction = !isMerged && graph.frame[node] >= 0;
    const actions = isFunction ? FRAME_ACTIONS : [];
    const items = actions.map(([action, text]) => ({ text, run: () => this.options.onAction(action, node) }));
    openMenu(
      [zoom, ...items, ...(isMerged ? [] : [copy, copyName])],
      x,
      y,
      isMerged ? "merged frames" : nameOf(graph, node).slice(0, 200),
    );
  }

  /** @param {number} node */
  copyStack(node) {
    void this.copy(stackText(this.options.graph, node), "stack");
  }

  /** @param {string} text @param {string} what */
  async copy(text, what) {
    const said = (await copyText(text)) ? `${what} copied` : `the ${what} cannot be copied here`;
    this.said.textContent = said;
    this.tip.say(said);
  }
}

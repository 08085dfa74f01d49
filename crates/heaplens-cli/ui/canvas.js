// The flame graph on a canvas: what it takes, and what it answers.

import { exactly } from "./choose.js";
import { GraphView } from "./graphview.js";

/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./model.js").Found} Found */
/** @typedef {import("./types.js").PaletteData} PaletteData @typedef {import("./types.js").State} State */

/**
 * What the menu of a frame asks for.
 * @typedef {"focus" | "ignore" | "hide" | "showFrom" | "sandwich"} FrameAction
 */

/**
 * All that is shown is said here; the view itself keeps where one scrolled to and which frame has the focus.
 * `color` "change" for differences is the shell's to choose. `label` names the graph for screen readers.
 * `onZoom` is called with the node to zoom to: nothing happens until `update` says so.
 * @typedef {{
 *   graph: Graph, zoom: number, found: Found | null, shape: "icicle" | "flame",
 *   color: "name" | "owner" | "crate" | "change", palette: {light: PaletteData, dark: PaletteData}, label: string,
 *   crumbs?: boolean,
 *   onZoom: (node: number) => void,
 *   onAction: (action: FrameAction, node: number) => void
 * }} FlameOptions
 *
 * @typedef {{
 *   update: (changed: Partial<FlameOptions>) => void,
 *   focus: () => void,
 *   destroy: () => void
 * }} FlameView
 */

/**
 * Fills the container: breadcrumbs and below them the graph, which scrolls by itself where the container has a height
 * of its own (its style is graph.css). Keys (arrows, Enter, Backspace, Home, + and -, c, menu key, Shift-F10) work
 * while the graph has the focus; those that it does not know it leaves to the page, those that it knows are
 * `defaultPrevented`.
 * @param {HTMLElement} container @param {FlameOptions} options
 * @returns {FlameView}
 */
export function flameView(container, options) {
  const view = new GraphView(container, { ...options });
  return {
    update: (changed) => view.update(changed),
    focus: () => view.scroll.focus({ preventScroll: true }),
    destroy: () => view.destroy(),
  };
}

/**
 * What an action of the menu changes in the state: a pattern for the name, added to what is ignored or hidden by now.
 * @param {State} state @param {FrameAction} action @param {string} name @returns {Partial<State>}
 */
export function patchOf(state, action, name) {
  if (action === "sandwich") return { fn: name };
  const pattern = exactly(name);
  // What was zoomed may not be there any more.
  if (action === "focus" || action === "showFrom") return { [action]: pattern, zoom: "" };
  return { [action]: state[action] ? `${state[action]}|${pattern}` : pattern };
}

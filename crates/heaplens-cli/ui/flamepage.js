// The flame graph's view: what the state asks for, on the canvas.

import { flameView, patchOf } from "./canvas.js";
import { html } from "./dom.js";
import { pngOf } from "./export/png.js";
import { foldedOf } from "./export/folded.js";
import { pprofOf } from "./export/pprof.js";
import { svgOf } from "./export/svg.js";
import { waitingView } from "./loading.js";
import { nameOf, netOf } from "./model.js";
import { legendOf } from "./palette.js";
import { foundIn, foundText } from "./search.js";
import { summaryLine, totalText } from "./summary.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./app.js").ExportItem} ExportItem */
/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./types.js").State} State */

/** The palette of the page as it is seen. @param {App} app */
export function paletteOf(app) {
  const { palette } = app.index;
  return matchMedia("(prefers-color-scheme: dark)").matches ? palette.dark : palette.light;
}

/** What the colours mean. @param {HTMLElement} legend @param {Graph} graph @param {App} app @param {State} state */
export function fillLegend(legend, graph, app, state) {
  const items = legendOf(graph, paletteOf(app), state.color);
  legend.replaceChildren(
    ...items.map(({ color, text }) => {
      const swatch = html("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.backgroundColor = color;
      return html("li", {}, swatch, text);
    }),
  );
  legend.hidden = items.length === 0;
}

/**
 * What the menu of a frame does. @param {App} app @param {Graph} graph
 * @returns {(action: import("./canvas.js").FrameAction, node: number) => void}
 */
export function frameActions(app, graph) {
  return (action, node) => {
    const name = nameOf(graph, node);
    const patch = patchOf(app.store.state, action, name);
    app.store.change(action === "sandwich" ? { view: "callers", ...patch } : patch);
    app.announce(`${action === "showFrom" ? "show from" : action}: ${name}`);
  };
}

/** The total of a graph, in words. @param {Graph} graph */
export function graphTotal(graph) {
  const { bytes, diff, rate } = graph.doc;
  if (graph.relative) return totalText({ bytes, diff, rate }, graph.relative);
  const before = graph.before[0];
  return totalText({ bytes, diff, rate }, { before: diff ? before : 0, after: (diff ? before : 0) + netOf(graph, 0) });
}

/** @param {App} app @returns {Page} */
export function flamePage(app) {
  const summary = html("p", { class: "summary" });
  const legend = html("ul", { class: "colors", "aria-label": "colours" });
  const container = html("div", { class: "flame" });
  const view = waitingView(
    "flamepage fill",
    "flame graph",
    html("div", { class: "viewhead" }, summary, legend),
    container,
  );
  /** @type {import("./canvas.js").FlameView | null} */
  let flame = null;
  /** @type {import("./canvas.js").FlameOptions | null} */
  let drawn = null;

  /** @param {Graph} graph */
  const draw = (graph) => {
    const { state } = app.store;
    const { found, problem } = foundIn(graph, state);
    const zoom = app.work.nodeOf(graph, state.zoom);
    drawn = {
      graph,
      zoom,
      found,
      shape: state.shape,
      color: state.color,
      palette: app.index.palette,
      label: `flame graph, ${graphTotal(graph)}`,
      onZoom: (node) => app.store.change({ zoom: app.work.keyFor(graph, node) }),
      onAction: frameActions(app, graph),
    };
    if (flame) flame.update(drawn);
    else flame = flameView(container, drawn);
    summary.replaceChildren(...summaryLine(state, app.clock, graphTotal(graph)));
    fillLegend(legend, graph, app, state);
    app.matched(problem || (found ? foundText(graph, found, zoom) : ""), problem !== "");
    const nothing = graph.count <= 1;
    view.say(nothing ? emptyText(state) : "");
  };

  return {
    element: view.element,
    show: (state) => void view.wait(app.work.graph(state), draw),
    focus: () => flame?.focus(),
    exports: () => graphFiles(app, () => drawn),
  };
}

/** Why there is nothing to see. @param {State} state */
function emptyText(state) {
  if (state.focus || state.ignore || state.showFrom) return "No stack is left by the filters in force.";
  if (state.part !== "all") return `Nothing has ${state.part} between A and B.`;
  return state.a >= 0 ? "Nothing has changed between A and B." : "Nothing is held in this dump.";
}

/**
 * The files of a graph as it is drawn.
 * @param {App} app @param {() => import("./canvas.js").FlameOptions | null} drawn @returns {ExportItem[]}
 */
export function graphFiles(app, drawn) {
  const options = () => {
    const found = drawn();
    if (!found) throw new Error("nothing is drawn yet");
    return found;
  };
  const { work, store, index } = app;
  const values = async () => ({ state: store.state, ...(await work.sides(store.state)) });
  return [
    {
      label: "SVG picture",
      extension: "svg",
      type: "image/svg+xml",
      make: async () => svgOf(options(), paletteOf(app), index.title),
    },
    {
      label: "PNG picture",
      extension: "png",
      type: "image/png",
      make: () => pngOf(options(), paletteOf(app), getComputedStyle(document.body).backgroundColor, 1600),
    },
    {
      label: "folded stacks",
      extension: "folded",
      type: "text/plain",
      make: async () => {
        const { before, after, state } = await values();
        return foldedOf(work.theCode(), before, after, state);
      },
    },
    {
      label: "pprof",
      extension: "pb.gz",
      type: "application/gzip",
      make: async () => {
        const { before, after, state } = await values();
        return /** @type {BlobPart} */ (await pprofOf(work.theCode(), before, after, state));
      },
    },
  ];
}

// One function: who calls it above, what it calls below.

import { flameView } from "./canvas.js";
import { csvOf } from "./csv.js";
import { html } from "./dom.js";
import { frameActions, graphFiles, graphTotal } from "./flamepage.js";
import { waitingView } from "./loading.js";
import { partColumns, partFields, partsOf } from "./parts.js";
import { foundIn, foundText } from "./search.js";
import { summaryLine } from "./summary.js";
import { dataTable } from "./table.js";
import { functionMenu } from "./topview.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page */
/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./parts.js").Part} Part */
/** @typedef {import("./canvas.js").FlameOptions} FlameOptions @typedef {import("./canvas.js").FlameView} FlameView */

/** Names that are proposed while one types. */
const MOST_PROPOSED = 40;

/** @param {App} app @returns {Page} */
export function callersPage(app) {
  const { store } = app;
  const noun = app.index.granularity || "function";
  const proposals = html("datalist", { id: "functionnames" });
  const input = /** @type {HTMLInputElement} */ (
    html("input", {
      type: "search",
      list: "functionnames",
      placeholder: noun,
      "aria-label": `${noun} whose callers and callees are shown`,
      spellcheck: "false",
      autocomplete: "off",
      class: "function",
    })
  );
  const summary = html("p", { class: "summary" });
  const upper = half(app, "callers", "(no caller)", "flame");
  const lower = half(app, "callees", "(itself)", "icicle");
  const halves = html("div", { class: "halves" }, upper.element, lower.element);
  const view = waitingView(
    "callerspage",
    "callers and callees",
    html("div", { class: "viewhead" }, html("label", { class: "field" }, `${noun} `, input), proposals, summary),
    halves,
  );
  /** @type {string[]} */
  let names = [];

  const choose = () => {
    const text = input.value.trim();
    const name =
      names.find((known) => known === text) ?? names.find((known) => known.toLowerCase().includes(text.toLowerCase()));
    if (text && name) store.change({ fn: name });
  };
  const propose = () => {
    const text = input.value.toLowerCase();
    const fitting = names.filter((name) => name.toLowerCase().includes(text)).slice(0, MOST_PROPOSED);
    proposals.replaceChildren(...fitting.map((name) => html("option", { value: name.slice(0, 500) })));
    if (names.includes(input.value)) choose();
  };
  input.addEventListener("input", propose);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose();
  });

  const load = async (/** @type {import("./types.js").State} */ state) => {
    const top = await app.work.top(state);
    // Without a choice: what leaks; else the function that holds most by itself, since with all it calls it is main.
    const culprit = app.index.leaks?.culprits?.[0]?.name;
    const known = top.rows.some((row) => row.name === culprit) ? culprit : top.rows[0]?.name;
    const fn = state.fn || known || "";
    return { top, fn, sandwich: fn ? await app.work.sandwich({ ...state, fn }) : null };
  };

  return {
    element: view.element,
    show: (state) =>
      void view.wait(load(state), ({ top, fn, sandwich }) => {
        names = top.rows.map((row) => row.name);
        if (document.activeElement !== input) input.value = fn.slice(0, 2000);
        halves.hidden = !sandwich;
        if (!sandwich) {
          app.matched("", false);
          summary.replaceChildren();
          view.say(fn ? `No stack that is shown has this ${noun}.` : `There is no ${noun} here.`);
          return;
        }
        summary.replaceChildren(...summaryLine(store.state, app.clock, graphTotal(sandwich.callees)));
        const { problem } = foundIn(sandwich.callees, store.state);
        const said = [upper.draw(sandwich.callers, fn), lower.draw(sandwich.callees, fn)];
        app.matched(problem || said.filter(Boolean).join("; "), problem !== "");
      }),
    focus: () => input.focus(),
    exports: () => [...upper.files(), ...lower.files()],
  };
}

/**
 * A graph and the table of its first level.
 * @param {App} app @param {"callers" | "callees"} title @param {string} rest @param {"icicle" | "flame"} shape
 */
function half(app, title, rest, shape) {
  const { store } = app;
  const field = title === "callers" ? "callersZoom" : "calleesZoom";
  const container = html("div", { class: "flame" });
  /** @type {import("./order.js").Column<Part>[]} */
  const none = [];
  const order = { sort: "", filter: "" };
  const table = dataTable({
    label: title,
    columns: none,
    order: "",
    nothing: `There are no ${title}.`,
    filterText: (part) => `${part.name} ${part.place}`,
    onState: (change) => {
      Object.assign(order, change);
      table.update(order);
    },
    onOpen: (part) => {
      if (part.node >= 0) store.change({ fn: part.name });
    },
    onMenu: (part, x, y) => {
      if (part.node >= 0) functionMenu(app, part.name, x, y);
    },
  });
  const element = html(
    "section",
    { class: `half ${title}`, "aria-label": title },
    html("h2", {}, title),
    container,
    table.element,
  );
  /** @type {FlameView | null} */
  let flame = null;
  /** @type {FlameOptions | null} */
  let drawn = null;
  /** @type {Graph | null} */
  let last = null;

  return {
    element,
    /** Returns what the search has found. @param {Graph} graph @param {string} fn */
    draw(graph, fn) {
      last = graph;
      const zoom = app.work.nodeOf(graph, store.state[field]);
      const { found } = foundIn(graph, store.state);
      drawn = {
        graph,
        zoom,
        found,
        shape,
        color: store.state.color,
        palette: app.index.palette,
        label: `${title} of ${fn.slice(0, 200)}`,
        crumbs: false,
        onZoom: (node) => store.change({ [field]: app.work.keyFor(graph, node) }),
        onAction: frameActions(app, graph),
      };
      if (flame) flame.update(drawn);
      else flame = flameView(container, drawn);
      table.update({ rows: partsOf(graph, rest), columns: partColumns(graph, title.slice(0, -1)), ...order });
      return found ? `${title} ${foundText(graph, found, zoom)}` : "";
    },
    files: () => [
      ...graphFiles(app, () => drawn)
        .slice(0, 2)
        .map((file) => ({ ...file, label: `${title}: ${file.label}`, extension: `${title}.${file.extension}` })),
      {
        label: `${title}: CSV`,
        extension: `${title}.csv`,
        type: "text/csv",
        make: async () => (last ? csvOf(partFields(last), table.shown()) : ""),
      },
    ],
  };
}

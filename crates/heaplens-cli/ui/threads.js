// What each thread holds.

import { csvOf, jsonOf } from "./csv.js";
import { html } from "./dom.js";
import { graphTotal } from "./flamepage.js";
import { waitingView } from "./loading.js";
import { partColumns, partFields, partsOf } from "./parts.js";
import { summaryLine } from "./summary.js";
import { dataTable } from "./table.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page */
/** @typedef {import("./tree.js").Graph} Graph @typedef {import("./parts.js").Part} Part */

/** @param {App} app @returns {Page} */
export function threadsPage(app) {
  const { store } = app;
  /** @type {Graph | null} */
  let shown = null;
  /** @type {import("./order.js").Column<Part>[]} */
  const none = [];
  const table = dataTable({
    label: "threads",
    columns: none,
    order: "",
    nothing: "No thread holds anything here.",
    filterText: (part) => part.name,
    onState: (change, how) => store.change(change, how),
    onOpen: (part) => {
      if (shown && part.node >= 0)
        store.change({ view: "flame", byThread: true, inverted: false, zoom: app.work.keyFor(shown, part.node) });
    },
  });
  const summary = html("p", { class: "summary" });
  const hint = html(
    "p",
    { class: "muted" },
    "Memory counts for the thread that allocated it, whoever uses it. Open a thread to see its flame graph.",
  );
  const view = waitingView(
    "threadspage fill",
    "threads",
    html("div", { class: "viewhead" }, summary, hint),
    table.element,
  );

  const hasThreads = (/** @type {import("./types.js").State} */ { a, b }) => {
    const { captures } = app.index;
    return captures[b].has_threads && (a < 0 || captures[a].has_threads);
  };
  const file = () => {
    if (!shown) throw new Error("nothing is shown yet");
    return { fields: partFields(shown), rows: table.shown() };
  };

  return {
    element: view.element,
    show(state) {
      const isKnown = hasThreads(state);
      table.element.hidden = !isKnown;
      hint.hidden = !isKnown;
      if (!isKnown) {
        shown = null;
        summary.replaceChildren();
        void view.wait(Promise.resolve(), () => view.say("These dumps do not tell threads apart."));
        return;
      }
      const asked = { ...state, byThread: true, inverted: false, part: /** @type {const} */ ("all"), relative: false };
      void view.wait(app.work.graph(asked), (graph) => {
        summary.replaceChildren(...summaryLine(store.state, app.clock, graphTotal(graph)));
        const { sort, filter } = store.state;
        table.update({
          rows: graph === shown ? undefined : partsOf(graph, "(no thread)"),
          columns: graph === shown ? undefined : partColumns(graph, "thread"),
          sort,
          filter,
        });
        shown = graph;
      });
    },
    focus: table.focus,
    exports: () => [
      {
        label: "CSV of these rows",
        extension: "csv",
        type: "text/csv",
        make: async () => csvOf(file().fields, file().rows),
      },
      {
        label: "JSON of these rows",
        extension: "json",
        type: "application/json",
        make: async () => jsonOf(file().fields, file().rows),
      },
    ],
  };
}

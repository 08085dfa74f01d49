// The table of functions.

import { functionColumns, functionDocument, functionFields, functionText } from "./cells.js";
import { csvOf } from "./csv.js";
import { html } from "./dom.js";
import { waitingView } from "./loading.js";
import { openMenu } from "./menu.js";
import { patchOf } from "./canvas.js";
import { summaryLine, totalText } from "./summary.js";
import { dataTable } from "./table.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page */
/** @typedef {import("./top.js").Top} Top @typedef {import("./top.js").TopRow} TopRow */

/**
 * What can be done with a function of a table.
 * @param {App} app @param {string} name @param {number} x @param {number} y
 */
export function functionMenu(app, name, x, y) {
  const { store } = app;
  const act = (/** @type {import("./canvas.js").FrameAction} */ action) => () =>
    store.change(patchOf(store.state, action, name));
  openMenu(
    [
      { text: "callers and callees", key: "Enter", run: () => store.change({ view: "callers", fn: name }) },
      {
        text: "find in the flame graph",
        run: () => store.change({ view: "flame", search: name, regex: false, matchCase: true, zoom: "" }),
      },
      { text: "focus: only stacks with it", run: act("focus") },
      { text: "ignore: no stacks with it", run: act("ignore") },
      { text: "hide: its callers instead", run: act("hide") },
      { text: "copy the name", run: () => void navigator.clipboard?.writeText(name) },
    ],
    x,
    y,
    name.slice(0, 200),
  );
}

/** @param {App} app @returns {Page} */
export function topPage(app) {
  const { store, index } = app;
  /** @type {Top | null} */
  let shown = null;
  /** @type {import("./order.js").Column<TopRow>[]} */
  const none = [];
  const table = dataTable({
    label: "functions",
    columns: none,
    order: "-flatp",
    filterText: functionText,
    nothing: `No ${index.granularity || "function"} holds anything here.`,
    onState: (change, how) => store.change(change, how),
    onOpen: (row) => store.change({ view: "callers", fn: row.name }),
    onMenu: (row, x, y) => functionMenu(app, row.name, x, y),
  });
  const summary = html("p", { class: "summary" });
  const view = waitingView("toppage fill", "functions", html("div", { class: "viewhead" }, summary), table.element);

  /** @param {Top} top */
  const draw = (top) => {
    const { state } = store;
    if (top !== shown) summary.replaceChildren(...summaryLine(state, app.clock, totalText(top, top.total)));
    table.update({
      rows: top.rows,
      columns: top === shown ? undefined : functionColumns(top, index.granularity),
      sort: state.sort,
      filter: state.filter,
    });
    shown = top;
  };

  const files = () => {
    if (!shown) throw new Error("nothing is shown yet");
    return { top: shown, sample: store.state.sample, rows: table.shown() };
  };

  return {
    element: view.element,
    show: (state) => void view.wait(app.work.top(state), draw),
    focus: table.focus,
    exports: () => [
      {
        label: "CSV of these rows",
        extension: "csv",
        type: "text/csv",
        make: async () => {
          const { top, sample, rows } = files();
          return csvOf(functionFields(top, sample), rows);
        },
      },
      {
        label: "JSON of these rows",
        extension: "json",
        type: "application/json",
        make: async () => {
          const { top, sample, rows } = files();
          return functionDocument(app.index, top, sample, rows);
        },
      },
    ],
  };
}

// The program and its libraries: which of them have names for their code, and what would mend the others.

import { csvOf, jsonOf } from "./csv.js";
import { html, shortened } from "./dom.js";
import { counted } from "./rate.js";
import { dataTable } from "./table.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./types.js").ModuleData} ModuleData */

/** What a state means. @type {Record<string, string>} */
const MODULE_STATES = {
  verified: "the very build, by its build id",
  unverified: "found by name; nothing tells whether it is the same build",
  served: "named by the server that the dump came from",
  mismatched: "another build was found; it was not used",
  missing: "no file was found: functions have no names",
  "not-looked": "nothing here is needed from it",
};

/** States that leave functions without names, or with names that may be wrong. */
const WEAK = ["missing", "mismatched", "unverified"];

/** Advice that is told in full. */
const MOST_ADVICE = 20;

/** @param {string} path */
const moduleName = (path) => path.split("/").pop() || path;

/**
 * Advice and the modules it is for, that for most modules first.
 * @param {ModuleData[]} modules @returns {{advice: string, names: string[]}[]}
 */
export function adviceOf(modules) {
  /** @type {Map<string, string[]>} */
  const all = new Map();
  for (const { advice, path } of modules) {
    if (!advice) continue;
    const names = all.get(advice);
    if (names) names.push(moduleName(path));
    else all.set(advice, [moduleName(path)]);
  }
  return [...all].map(([advice, names]) => ({ advice, names })).sort((x, y) => y.names.length - x.names.length);
}

/** How many modules are in which state. @param {ModuleData[]} modules */
export function statesText(modules) {
  const counts = Object.keys(MODULE_STATES).map((state) => ({
    state,
    count: modules.filter((module) => module.state === state).length,
  }));
  return counts
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`)
    .join(", ");
}

/** @param {App} app @returns {Page} */
export function modulesPage(app) {
  const { modules } = app.index;
  /** @type {import("./order.js").Column<ModuleData>[]} */
  const columns = [
    {
      key: "state",
      title: "symbols",
      kind: "text",
      width: "8.5rem",
      text: ({ state }) => state,
      sort: ({ state }) => state,
      cell: ({ state }) => [
        html(
          "span",
          { class: `state ${WEAK.includes(state) ? "weak" : ""}`, title: MODULE_STATES[state] ?? "" },
          state,
        ),
      ],
    },
    {
      key: "advice",
      title: "what would mend it",
      kind: "text",
      width: "minmax(10rem, 1.4fr)",
      text: ({ advice }) => advice || "–",
      sort: ({ advice }) => advice,
      wide: true,
    },
    {
      key: "build",
      title: "build id",
      kind: "text",
      width: "minmax(11rem, 23rem)",
      text: ({ build_id }) => build_id || "–",
      sort: ({ build_id }) => build_id,
      cell: ({ build_id }) => [html("span", { class: "fn" }, build_id || "–")],
      wide: true,
    },
    {
      key: "name",
      title: "module",
      kind: "name",
      width: "minmax(12rem, 1fr)",
      text: ({ path }) => path,
      sort: ({ path }) => path,
      cell: ({ path }) => [html("span", { class: "fn", title: path.slice(0, 2000) }, shortened(path, 200))],
    },
  ];
  const table = dataTable({
    label: "modules",
    columns,
    order: "",
    nothing: "The dump names no modules.",
    filterText: ({ path, state, advice, build_id }) => `${path} ${state} ${advice} ${build_id}`,
    onState: (change, how) => app.store.change(change, how),
  });
  const advice = adviceOf(modules);
  const list = html(
    "ul",
    { class: "advice" },
    ...advice.slice(0, MOST_ADVICE).map(({ advice: text, names }) => {
      const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
      return html(
        "li",
        {},
        html("span", { class: "fn" }, shortened(names.slice(0, 3).join(", "), 200)),
        `${more}: ${text}`,
      );
    }),
  );
  const element = html(
    "section",
    { class: "view modulespage", "aria-label": "modules" },
    html(
      "p",
      { class: "summary" },
      html("strong", {}, counted(modules.length, "module")),
      html("span", { class: "muted" }, modules.length > 0 ? `: ${statesText(modules)}` : ""),
    ),
    advice.length > 0 && html("h2", {}, "What would mend it"),
    advice.length > 0 && list,
    table.element,
  );
  let isFilled = false;
  /** @type {import("./csv.js").Field<ModuleData>[]} */
  const fields = ["path", "build_id", "state", "advice"].map((name) => ({
    name,
    value: (module) => module[/** @type {keyof ModuleData} */ (name)],
  }));

  return {
    element,
    show({ sort, filter }) {
      table.update({ rows: isFilled ? undefined : modules, sort, filter });
      isFilled = true;
    },
    focus: table.focus,
    exports: () => [
      {
        label: "CSV of these rows",
        extension: "csv",
        type: "text/csv",
        make: async () => csvOf(fields, table.shown()),
      },
      {
        label: "JSON of these rows",
        extension: "json",
        type: "application/json",
        make: async () => jsonOf(fields, table.shown()),
      },
    ],
  };
}

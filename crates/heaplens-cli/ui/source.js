// Source files with what their lines hold.

import { shortPlace } from "./cells.js";
import { chargesOf } from "./charge.js";
import { csvOf, rounded } from "./csv.js";
import { html, shortened } from "./dom.js";
import { chosenStacks } from "./fold.js";
import { filesOf, linesOf, noLinesText, ownFirst } from "./lines.js";
import { waitingView } from "./loading.js";
import { amount, signed } from "./model.js";
import { sidesText } from "./summary.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page */
/** @typedef {import("./lines.js").FileAmount} FileAmount @typedef {import("./lines.js").LineAmount} LineAmount */
/** @typedef {import("./top.js").Change} Change */

/** Files that can be chosen, the largest ones. */
const MOST_FILES = 500;
/** Lines of a file that are shown. */
const MOST_LINES = 5000;

const NO_TEXT =
  "The text of the lines is not in here: heaplens view has it where the source is at hand; heaplens report takes it " +
  "in with --sources, as it can be confidential.";

/** @param {App} app @returns {Page} */
export function sourcePage(app) {
  const { store, index } = app;
  const select = /** @type {HTMLSelectElement} */ (html("select", { "aria-label": "source file" }));
  const text = html("p", { class: "muted" });
  const body = html("tbody");
  const field = html("label", { class: "field" }, "file ", select);
  const heads = html(
    "tr",
    {},
    ...["flat", "cum", "line", "source"].map((title) => html("th", { scope: "col" }, title)),
  );
  const table = html("table", { class: "plain source" }, html("thead", {}, heads), body);
  const box = html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "lines of the file" }, table);
  const view = waitingView(
    "sourcepage",
    "source",
    html("div", { class: "viewhead" }, field),
    text,
    box,
  );
  /** @type {FileAmount[]} */
  let files = [];
  /** @type {FileAmount | null} */
  let shown = null;
  /** The function that most is charged to: all stacks are gone through for it. */
  let chargedMost = () => "";
  select.addEventListener("change", () => store.change({ filter: select.value }));

  /**
   * The file that is asked for: by its path, by a function; else that of what leaks or holds most, one with known lines,
   * or the first one.
   */
  const choose = () => {
    const { filter, fn } = store.state;
    const { strings, functions, sources, leaks } = index;
    const byPath = files.find((file) => strings[file.file] === filter);
    if (byPath) return byPath;
    const wanted = fn || (leaks?.culprits?.[0]?.name ?? chargedMost());
    const name = wanted ? strings.indexOf(wanted) : -1;
    // One name can be that of several functions, of which not all have a file.
    const own = new Set(functions.file.filter((_, i) => name >= 0 && functions.name[i] === name));
    const byFunction = files.find((file) => own.has(file.file));
    const known = files.find((file) => sources.some((source) => source.file === file.file));
    return byFunction ?? known ?? files[0] ?? null;
  };

  const draw = () => {
    const { state } = store;
    const isBytes = state.sample.endsWith("space");
    const write = (/** @type {Change} */ change) => {
      const net = change.after - change.before;
      if (Math.abs(net) < 0.5 && change.after < 0.5) return "";
      return state.a >= 0 ? signed(net, isBytes) : amount(change.after, isBytes);
    };
    shown = choose();
    select.replaceChildren(
      ...files.slice(0, MOST_FILES).map((file) => {
        const path = index.strings[file.file];
        return html("option", { value: path }, `${shortened(shortPlace(path), 120)}  ${write(file.cum)}`);
      }),
    );
    box.hidden = field.hidden = !shown;
    if (!shown) {
      text.textContent = "";
      view.say(noLinesText(index));
      return;
    }
    select.value = select.title = index.strings[shown.file];
    const lines = linesOf(index, shown);
    const isKnown = lines.some((line) => line.text !== null);
    text.textContent = `${sidesText(state, app.clock)}. ${isKnown ? "" : NO_TEXT}`;
    const most = shown.lines.reduce((most, { cum }) => Math.max(most, Math.abs(cum.after - cum.before)), 1);
    body.replaceChildren(
      ...lines.slice(0, MOST_LINES).map((line) => {
        const cum = line.amount?.cum;
        const row = html(
          "tr",
          { class: `${line.isGap ? "gap" : ""}${line.amount ? " allocates" : ""}` },
          html("td", { class: "number" }, line.amount ? write(line.amount.flat) : ""),
          html("td", { class: "number" }, cum ? write(cum) : ""),
          html("td", { class: "number muted" }, String(line.line)),
          html(
            "td",
            {},
            html("code", {}, line.text === null ? "" : shortened(line.text.replaceAll("\t", "    "), 400)),
          ),
        );
        if (cum) {
          const bar = html("span", { class: "bar", "aria-hidden": "true" });
          bar.style.width = `${(Math.abs(cum.after - cum.before) / most) * 100}%`;
          row.children[1].prepend(bar);
        }
        return row;
      }),
    );
  };

  return {
    element: view.element,
    show: (state) =>
      void view.wait(app.work.sides(state), ({ before, after }) => {
        files = ownFirst(index, filesOf(index, before, after, state, chosenStacks(app.work.theCode(), state)));
        chargedMost = () => chargesOf(index, before, after).charges[0]?.name ?? "";
        draw();
      }),
    focus: () => select.focus(),
    exports: () => [
      {
        label: "CSV of this file",
        extension: "csv",
        type: "text/csv",
        make: async () => {
          /** @type {import("./csv.js").Field<LineAmount>[]} */
          const fields = [
            { name: "line", value: ({ line }) => line },
            { name: "flat_from", value: ({ flat }) => rounded(flat.before) },
            { name: "flat_to", value: ({ flat }) => rounded(flat.after) },
            { name: "cum_from", value: ({ cum }) => rounded(cum.before) },
            { name: "cum_to", value: ({ cum }) => rounded(cum.after) },
          ];
          return csvOf(fields, shown?.lines ?? []);
        },
      },
    ],
  };
}

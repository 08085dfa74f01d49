// What is compared and counted, the search, and the filters in force.

import { choicesOf, shownChoice } from "./choices.js";
import { problemOf } from "./choose.js";
import { button, html, shortened } from "./dom.js";
import { fillSelect, searchControl, selectOf, switchField } from "./fields.js";
import { openMenu } from "./menu.js";
import { popoverButton } from "./popover.js";
import { saveFile } from "./save.js";
import { sidesControl } from "./sides.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").ExportItem} ExportItem */
/** @typedef {import("./types.js").State} State */
/** @typedef {"sides" | "sample" | "part" | "color" | "frames" | "filters" | "search"} Control */

/** What each view has a use for. @type {Record<State["view"], Control[]>} */
const CONTROLS = {
  answer: [],
  flame: ["sides", "sample", "part", "color", "frames", "filters", "search"],
  top: ["sides", "sample", "frames", "filters"],
  callers: ["sides", "sample", "part", "color", "frames", "filters", "search"],
  suspects: [],
  threads: ["sides", "sample", "filters"],
  modules: [],
  source: ["sides", "sample", "filters"],
};

/**
 * Switches, with their keys.
 * @type {[("inverted" | "relative" | "allocator" | "runtime" | "byThread"), string, string][]}
 */
const SWITCHES = [
  ["inverted", "inverted", "u"],
  ["relative", "relative to each side’s total", "%"],
  ["allocator", "allocator frames", "m"],
  ["runtime", "runtime frames one by one", "r"],
  ["byThread", "threads as roots", "t"],
];

/** Filters, with what they do. @type {[("focus" | "ignore" | "hide" | "showFrom"), string, string][]} */
const FILTERS = [
  ["focus", "focus", "only stacks with such a frame"],
  ["ignore", "ignore", "no stacks with such a frame"],
  ["hide", "hide", "without such frames"],
  ["showFrom", "show from", "stacks from such a frame on"],
];

/** @param {App} app @param {() => ExportItem[]} files what the view shown can be saved as */
export function toolbar(app, files) {
  const { store, index } = app;
  const sides = sidesControl(app);
  const selects = {
    sample: selectOf("what is counted (v)", (value) =>
      store.change({ sample: /** @type {State["sample"]} */ (value) }),
    ),
    part: selectOf("which changes (p)", (value) => store.change({ part: /** @type {State["part"]} */ (value) })),
    color: selectOf("colours (o)", (value) => store.change({ color: /** @type {State["color"]} */ (value) })),
  };
  const shape = switchField("flame: root at the bottom", "i", (isOn) =>
    store.change({ shape: isOn ? "flame" : "icicle" }),
  );
  const switches = SWITCHES.map(([field, text, key]) => ({
    field,
    ...switchField(text, key, (isOn) => store.change({ [field]: isOn })),
  }));
  const frames = popoverButton(
    "Frames",
    "how frames are shown",
    shape.element,
    ...switches.map(({ element }) => element),
  );
  const fields = FILTERS.map(([field, text, hint]) => {
    const input = /** @type {HTMLInputElement} */ (
      html("input", {
        type: "text",
        placeholder: hint,
        spellcheck: "false",
        autocomplete: "off",
        "aria-label": `${text}: ${hint}`,
      })
    );
    input.addEventListener("change", () => store.change({ [field]: input.value, zoom: "" }));
    return { field, input, element: html("label", { class: "field" }, html("span", {}, text), input) };
  });
  const filters = popoverButton(
    "Filter",
    "regular expressions for functions and files",
    ...fields.map(({ element }) => element),
    html("p", { class: "muted" }, "Regular expressions; they look at a function’s name, file, and file:line."),
  );
  const search = searchControl(app);
  const chips = html("ul", { class: "chips", "aria-label": "filters in force" });
  const problem = html("p", { class: "note error", role: "alert", hidden: "" });
  /** @type {Record<Control, HTMLElement>} */
  const controls = {
    sides,
    ...selects,
    frames: frames.element,
    filters: filters.element,
    search: search.element,
  };
  const bar = html("div", { class: "bar" }, ...Object.values(controls), search.output);
  const element = html("section", { class: "tools", "aria-label": "what is shown" }, bar, chips, problem);

  /** @param {HTMLElement} exportButton */
  function openExport(exportButton) {
    const box = exportButton.getBoundingClientRect();
    const items = files();
    if (items.length === 0) return app.announce("There is nothing to save here.");
    openMenu(
      items.map((item) => ({ text: item.label, run: () => void saveFile(app, item) })),
      box.left,
      box.bottom + 2,
      "save as",
    );
  }

  /** @param {State} state */
  const showChips = (state) => {
    const inForce = FILTERS.filter(([field]) => state[field] !== "");
    chips.hidden = inForce.length === 0;
    chips.replaceChildren(
      ...inForce.map(([field, text]) =>
        html(
          "li",
          {},
          html("span", { class: "fn", title: state[field] }, `${text}: ${shortened(state[field], 60)}`),
          button("×", () => store.change({ [field]: "", zoom: "" }), {
            class: "quiet",
            "aria-label": `remove ${text}`,
          }),
        ),
      ),
    );
  };

  return {
    element,
    matched: search.matched,
    focusSearch: search.focus,
    openExport,
    /** True if the view has the search. */
    hasSearch: () => CONTROLS[store.state.view].includes("search"),
    /** @param {State} state */
    show(state) {
      const isDiff = state.a >= 0;
      const used = CONTROLS[state.view].filter((control) =>
        control === "part"
          ? isDiff
          : control === "sides"
            ? index.captures.length > 1
            : control === "sample"
              ? index.sample_types.length > 1
              : true,
      );
      search.output.hidden = !used.includes("search");
      for (const [name, control] of Object.entries(controls))
        control.hidden = !used.includes(/** @type {Control} */ (name));
      element.hidden = used.length === 0;
      sides.dispatchEvent(new CustomEvent("state"));
      for (const field of /** @type {const} */ (["sample", "part", "color"]))
        fillSelect(selects[field], choicesOf(index, state, field), shownChoice(state, field));
      shape.input.checked = state.shape === "flame";
      for (const { field, input, element: label } of switches) {
        input.checked = state[field];
        label.hidden =
          (field === "relative" && !isDiff) || (field === "byThread" && !index.captures[state.b].has_threads);
      }
      for (const { field, input } of fields) if (document.activeElement !== input) input.value = state[field];
      search.show(state);
      const isFiltered = used.includes("filters");
      const wrong = isFiltered ? problemOf(state) : "";
      problem.textContent = wrong;
      problem.hidden = wrong === "";
      showChips(state);
      if (!isFiltered) chips.hidden = true;
    },
  };
}

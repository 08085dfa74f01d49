// What is compared and counted, the search, and the filters in force.

import { problemOf } from "./choose.js";
import { choicesOf, shownChoice } from "./choices.js";
import { button, html, shortened } from "./dom.js";
import { openMenu } from "./menu.js";
import { amount } from "./model.js";
import { popoverButton } from "./popover.js";
import { saveFile } from "./save.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").ExportItem} ExportItem @typedef {import("./types.js").State} State */
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
  source: ["sides", "sample"],
};

/** Switches, with their keys. @type {[("inverted" | "relative" | "allocator" | "runtime" | "byThread"), string, string][]} */
const SWITCHES = [
  ["inverted", "inverted", "u"], ["relative", "relative to each side’s total", "%"], ["allocator", "allocator frames", "m"],
  ["runtime", "runtime frames one by one", "r"], ["byThread", "threads as roots", "t"],
];

/** Filters, with what they do. @type {[("focus" | "ignore" | "hide" | "showFrom"), string, string][]} */
const FILTERS = [
  ["focus", "focus", "only stacks with such a frame"], ["ignore", "ignore", "no stacks with such a frame"],
  ["hide", "hide", "without such frames"], ["showFrom", "show from", "stacks from such a frame on"],
];

/** @param {App} app @param {() => ExportItem[]} files what the view shown can be saved as */
export function toolbar(app, files) {
  const { store, index } = app;
  const sides = sidesControl(app);
  const selects = {
    sample: selectOf("what is counted (v)", (value) => store.change({ sample: /** @type {State["sample"]} */ (value) })),
    part: selectOf("which changes (p)", (value) => store.change({ part: /** @type {State["part"]} */ (value) })),
    color: selectOf("colours (o)", (value) => store.change({ color: /** @type {State["color"]} */ (value) })),
  };
  const shape = checkbox("flame: root at the bottom", "i", (isOn) => store.change({ shape: isOn ? "flame" : "icicle" }));
  const switches = SWITCHES.map(([field, text, key]) => ({ field, ...checkbox(text, key, (isOn) => store.change({ [field]: isOn })) }));
  const frames = popoverButton("Frames", "how frames are shown", shape.element, ...switches.map(({ element }) => element));
  const fields = FILTERS.map(([field, text, hint]) => {
    const input = /** @type {HTMLInputElement} */ (html("input", { type: "text", placeholder: hint, spellcheck: "false", autocomplete: "off", "aria-label": `${text}: ${hint}` }));
    input.addEventListener("change", () => store.change({ [field]: input.value, zoom: "" }));
    return { field, input, element: html("label", { class: "field" }, html("span", {}, text), input) };
  });
  const filters = popoverButton("Filter", "regular expressions for functions and files", ...fields.map(({ element }) => element), html("p", { class: "muted" }, "Regular expressions; they look at a function’s name, file, and file:line."));
  const search = searchControl(app);
  const chips = html("ul", { class: "chips", "aria-label": "filters in force" });
  const problem = html("p", { class: "note error", role: "alert", hidden: "" });
  /** @type {Record<Control, HTMLElement>} */
  const controls = {
    sides, ...selects, frames: frames.element, filters: filters.element, search: search.element,
  };
  const bar = html("div", { class: "bar" }, ...Object.values(controls), search.output);
  const element = html("section", { class: "tools", "aria-label": "what is shown" }, bar, chips, problem);

  /** @param {HTMLElement} exportButton */
  function openExport(exportButton) {
    const box = exportButton.getBoundingClientRect();
    const items = files();
    if (items.length === 0) return app.announce("There is nothing to save here.");
    openMenu(items.map((item) => ({ text: item.label, run: () => void saveFile(app, item) })), box.left, box.bottom + 2, "save as");
  }

  /** @param {State} state */
  const showChips = (state) => {
    const inForce = FILTERS.filter(([field]) => state[field] !== "");
    chips.hidden = inForce.length === 0;
    chips.replaceChildren(...inForce.map(([field, text]) => html("li", {}, html("span", { class: "fn", title: state[field] }, `${text}: ${shortened(state[field], 60)}`), button("×", () => store.change({ [field]: "", zoom: "" }), { class: "quiet", "aria-label": `remove ${text}` }))));
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
        control === "part" ? isDiff : control === "sides" ? index.captures.length > 1 : control === "sample" ? index.sample_types.length > 1 : true);
      search.output.hidden = !used.includes("search");
      for (const [name, control] of Object.entries(controls)) control.hidden = !used.includes(/** @type {Control} */ (name));
      element.hidden = used.length === 0;
      sides.dispatchEvent(new CustomEvent("state"));
      for (const field of /** @type {const} */ (["sample", "part", "color"])) fillSelect(selects[field], choicesOf(index, state, field), shownChoice(state, field));
      shape.input.checked = state.shape === "flame";
      for (const { field, input, element: label } of switches) {
        input.checked = state[field];
        label.hidden = (field === "relative" && !isDiff) || (field === "byThread" && !index.captures[state.b].has_threads);
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

/** @param {string} label @param {(value: string) => void} choose */
function selectOf(label, choose) {
  const select = /** @type {HTMLSelectElement} */ (html("select", { "aria-label": label, title: label }));
  select.addEventListener("change", () => choose(select.value));
  return select;
}

/** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} choices @param {string} value */
function fillSelect(select, choices, value) {
  const known = [...select.options].map((option) => option.value).join("\n");
  if (known !== choices.map((choice) => choice.value).join("\n")) {
    select.replaceChildren(...choices.map((choice) => html("option", { value: choice.value }, choice.text)));
  }
  select.value = value;
}

/** @param {string} text @param {string} key @param {(isOn: boolean) => void} change */
function checkbox(text, key, change) {
  const input = /** @type {HTMLInputElement} */ (html("input", { type: "checkbox" }));
  input.addEventListener("change", () => change(input.checked));
  return { input, element: html("label", { class: "check" }, input, html("span", {}, text), html("kbd", { "aria-hidden": "true" }, key)) };
}

/** Which captures: of two a plain choice, of more both ends. Shows the state when it is sent `state`. @param {App} app */
function sidesControl(app) {
  const { store, index, clock } = app;
  const count = index.captures.length;
  const nameOfCapture = (/** @type {number} */ i) => `${clock.short(i)} · ${amount(index.captures[i].total, true)}`;
  if (count === 2) {
    /** @type {[string, number, number][]} */
    const ways = [["change", 0, 1], ["first", -1, 0], ["second", -1, 1]];
    const buttons = ways.map(([text, a, b]) => button(text, () => store.change({ a, b }), { title: a < 0 ? nameOfCapture(b) : `${nameOfCapture(a)} → ${nameOfCapture(b)}` }));
    const group = html("div", { class: "segments", role: "group", "aria-label": "which dump" }, ...buttons);
    group.addEventListener("state", () => buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(store.state.a === ways[i][1] && store.state.b === ways[i][2]))));
    return group;
  }
  const options = () => index.captures.map((_, i) => html("option", { value: i }, clock.short(i)));
  const a = selectOf("A, where the comparison begins ([ and ])", (value) => store.change({ a: Number(value) }));
  const b = selectOf("B, what is shown (, and .)", (value) => store.change({ b: Number(value) }));
  a.append(html("option", { value: -1 }, "nothing: B alone"), ...options());
  b.append(...options());
  const swapped = button("⇄", () => store.change({ a: store.state.b, b: store.state.a }), { title: "swap A and B (x)", "aria-label": "swap A and B" });
  const group = html("div", { class: "sides", role: "group", "aria-label": "what is compared" }, html("span", { class: "flag", "aria-hidden": "true" }, "A"), a, swapped, html("span", { class: "flag", "aria-hidden": "true" }, "B"), b);
  group.addEventListener("state", () => {
    a.value = String(store.state.a);
    b.value = String(store.state.b);
    /** @type {HTMLButtonElement} */ (swapped).disabled = store.state.a < 0;
  });
  return group;
}

/** @param {App} app */
function searchControl({ store }) {
  const input = /** @type {HTMLInputElement} */ (html("input", { type: "search", placeholder: "search  ( / )", "aria-label": "search function names", spellcheck: "false", autocomplete: "off", id: "search" }));
  const toggle = (/** @type {string} */ text, /** @type {string} */ label, /** @type {"regex" | "matchCase"} */ field) => {
    const made = button(text, () => store.change({ [field]: !store.state[field] }, "replace"), { title: label, "aria-label": label, class: "toggle" });
    return { field, element: made };
  };
  const toggles = [toggle(".*", "regular expression", "regex"), toggle("Aa", "match case", "matchCase")];
  const matched = html("output", { class: "matched", role: "status" });
  input.addEventListener("input", () => store.change({ search: input.value }, "replace"));
  return {
    element: html("div", { class: "search", role: "search" }, input, ...toggles.map(({ element }) => element)),
    output: matched,
    focus() {
      input.focus();
      input.select();
    },
    /** @param {string} text @param {boolean} isProblem */
    matched(text, isProblem) {
      matched.textContent = text;
      matched.classList.toggle("error", isProblem);
      input.setAttribute("aria-invalid", String(isProblem));
    },
    /** @param {State} state */
    show(state) {
      if (input.value !== state.search) input.value = state.search;
      for (const { field, element } of toggles) element.setAttribute("aria-pressed", String(state[field]));
    },
  };
}

// Fields of the toolbar: choices, switches, the search.

import { button, html } from "./dom.js";

/** @typedef {import("./app.js").App} App @typedef {import("./types.js").State} State */

/** @param {string} label @param {(value: string) => void} choose */
export function selectOf(label, choose) {
  const select = /** @type {HTMLSelectElement} */ (html("select", { "aria-label": label, title: label }));
  select.addEventListener("change", () => choose(select.value));
  return select;
}

/** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} choices @param {string} value */
export function fillSelect(select, choices, value) {
  const known = [...select.options].map((option) => option.value).join("\n");
  if (known !== choices.map((choice) => choice.value).join("\n")) {
    select.replaceChildren(...choices.map((choice) => html("option", { value: choice.value }, choice.text)));
  }
  select.value = value;
}

/** @param {string} text @param {string} key @param {(isOn: boolean) => void} change */
export function switchField(text, key, change) {
  const input = /** @type {HTMLInputElement} */ (html("input", { type: "checkbox" }));
  input.addEventListener("change", () => change(input.checked));
  return {
    input,
    element: html(
      "label",
      { class: "check" },
      input,
      html("span", {}, text),
      html("kbd", { "aria-hidden": "true" }, key),
    ),
  };
}

/** @param {App} app */
export function searchControl({ store }) {
  const input = /** @type {HTMLInputElement} */ (
    html("input", {
      type: "search",
      placeholder: "search  ( / )",
      "aria-label": "search function names",
      spellcheck: "false",
      autocomplete: "off",
      id: "search",
    })
  );
  const toggle = (
    /** @type {string} */ text,
    /** @type {string} */ label,
    /** @type {"regex" | "matchCase"} */ field,
  ) => {
    const made = button(text, () => store.change({ [field]: !store.state[field] }, "replace"), {
      title: label,
      "aria-label": label,
      class: "toggle",
    });
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

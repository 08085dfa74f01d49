// Parts of the first screen.

import { shortPlace } from "./cells.js";
import { breakable, button, html, together } from "./dom.js";

/** @typedef {import("./app.js").App} App */

/** What stands above the chart, and below it. @typedef {{first: HTMLElement[], rest: HTMLElement[]}} Parts */
/** A thing to do next. @typedef {{text: string, why: string, run: () => void}} Step */

/** Functions that are named on the first screen. */
export const MOST_NAMED_FIRST = 5;

/** @param {string} kind @param {string} word @param {string} sentence @param {string} copied */
export function headline(kind, word, sentence, copied) {
  const copy = button(
    "copy",
    () => {
      void navigator.clipboard?.writeText(copied).then(
        () => (copy.textContent = "copied"),
        () => (copy.textContent = "not allowed"),
      );
    },
    { class: "quiet", title: "copy the sentence, for a ticket" },
  );
  return html(
    "div",
    { class: `headline ${kind}` },
    html(
      "h2",
      {},
      html("span", { class: "badge" }, word),
      " ",
      html("span", {}, ...breakable(together(sentence), 400)),
    ),
    copy,
  );
}

/**
 * A function with a bar: its share. Without `app` it is not to be opened.
 * @param {App | null} app @param {string} name @param {string} place @param {number} part @param {string} value
 * @param {string} more
 */
export function barRow(app, name, place, part, value, more) {
  const bar = html("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${Math.max(Math.min(part, 1), 0) * 100}%`;
  const open = app
    ? button("", () => app.store.change({ view: "callers", fn: name }), {
        class: "link fn",
        title: `callers and callees of ${name.slice(0, 1000)}`,
      })
    : html("span", { class: "fn", title: name.slice(0, 2000) });
  open.append(...breakable(name, 200));
  const details = [place && shortPlace(place), more].filter(Boolean).map(together).join(" · ");
  return html(
    "li",
    {},
    bar,
    html("span", { class: "value" }, value),
    html("span", { class: "name" }, open),
    details && html("span", { class: "muted more", title: place.slice(0, 2000) }, details),
  );
}

/** @param {Step[]} steps */
export function nextBlock(steps) {
  return html(
    "div",
    { class: "block next" },
    html("h3", {}, "What to do next"),
    html(
      "ul",
      {},
      ...steps.map(({ text, why, run }, i) =>
        html("li", {}, button(text, run, { class: i === 0 ? "main" : null }), html("span", { class: "muted" }, why)),
      ),
    ),
  );
}

/** @param {string} title @param {string[]} items */
export function listBlock(title, items) {
  return html(
    "div",
    { class: "block" },
    html("h3", {}, title),
    html("ul", { class: "list" }, ...items.map((item) => html("li", {}, item))),
  );
}

// Which captures are compared.

import { captureNotes } from "./courses.js";
import { button, html } from "./dom.js";
import { selectOf } from "./fields.js";
import { amount } from "./model.js";

/** @typedef {import("./app.js").App} App */

/**
 * Which captures: of two a plain choice, of more both ends. Shows the state when it is sent `state`.
 * @param {App} app
 */
export function sidesControl(app) {
  const { store, index, clock } = app;
  const count = index.captures.length;
  const nameOfCapture = (/** @type {number} */ i) => `${clock.short(i)} · ${amount(index.captures[i].total, true)}`;
  if (count === 2) {
    /** @type {[string, number, number][]} */
    const ways = [
      ["change", 0, 1],
      ["first", -1, 0],
      ["second", -1, 1],
    ];
    const buttons = ways.map(([text, a, b]) =>
      button(text, () => store.change({ a, b }), {
        title: a < 0 ? nameOfCapture(b) : `${nameOfCapture(a)} → ${nameOfCapture(b)}`,
      }),
    );
    const group = html("div", { class: "segments", role: "group", "aria-label": "which dump" }, ...buttons);
    group.addEventListener("state", () =>
      buttons.forEach((one, i) =>
        one.setAttribute("aria-pressed", String(store.state.a === ways[i][1] && store.state.b === ways[i][2])),
      ),
    );
    return group;
  }
  const options = () =>
    index.captures.map((_, i) => html("option", { value: i }, [clock.short(i), ...captureNotes(index, i, true)].join(" · ")));
  const a = selectOf("A, where the comparison begins ([ and ])", (value) => store.change({ a: Number(value) }));
  const b = selectOf("B, what is shown (, and .)", (value) => store.change({ b: Number(value) }));
  a.append(html("option", { value: -1 }, "nothing: B alone"), ...options());
  b.append(...options());
  const swapped = button("⇄", () => store.change({ a: store.state.b, b: store.state.a }), {
    title: "swap A and B (x)",
    "aria-label": "swap A and B",
  });
  const group = html(
    "div",
    { class: "sides", role: "group", "aria-label": "what is compared" },
    html("span", { class: "flag", "aria-hidden": "true" }, "A"),
    a,
    swapped,
    html("span", { class: "flag", "aria-hidden": "true" }, "B"),
    b,
  );
  group.addEventListener("state", () => {
    a.value = String(store.state.a);
    b.value = String(store.state.b);
    /** @type {HTMLButtonElement} */ (swapped).disabled = store.state.a < 0;
  });
  return group;
}

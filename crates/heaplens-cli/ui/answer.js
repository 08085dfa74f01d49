// The first screen: what is wrong, where, how fast, how surely, and what to do next.

import { chargesOf } from "./charge.js";
import { html } from "./dom.js";
import { changedParts, heldParts } from "./held.js";
import { judgedParts } from "./judged.js";
import { waitingView } from "./loading.js";
import { printedJudgement } from "./verdict.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./types.js").State} State */

/** Fewer captures have no course to judge. */
const FEWEST_JUDGED = 3;

/** @param {App} app @returns {Page} */
export function answerPage(app) {
  const { index } = app;
  const body = html("div", { class: "answer" });
  const more = html("div", { class: "answer" });
  // The chart is put between what was found and what it rests on.
  const view = waitingView("answerpage", "answer", body, html("div", { class: "chartslot" }), more);
  const count = index.captures.length;
  // Less than three captures are told of as they are, whatever was made of them.
  const leaks = count < FEWEST_JUDGED ? null : index.leaks;

  const load = async (/** @type {State} */ state) => {
    if (leaks) return judgedParts(app);
    const { before, after } = await app.work.sides(
      count === 1 ? { ...state, a: -1, byThread: false } : { ...state, byThread: false },
    );
    const found = chargesOf(index, before, after);
    return before ? changedParts(app, state, found) : heldParts(app, state, found);
  };

  return {
    element: view.element,
    show(state, change) {
      // A judgement is of the whole series: A and B have no part in it.
      if (leaks && change !== null && !change.has("view")) return;
      void view.wait(load(state), ({ first, rest }) => {
        body.replaceChildren(...first);
        more.replaceChildren(...rest);
      });
    },
    focus: () => /** @type {HTMLElement | null} */ (body.querySelector("button"))?.focus(),
    exports: () =>
      leaks
        ? [
            {
              label: "JSON of the judgement",
              extension: "json",
              type: "application/json",
              make: async () => `${JSON.stringify(printedJudgement(leaks), null, 2)}\n`,
            },
          ]
        : [],
  };
}

// Views that wait for values: never blank, never stale.

import { html, latest } from "./dom.js";

/** Waits shorter than this are not told of: a flicker helps nobody. */
const PATIENCE = 150;

/**
 * A view's frame: what it last showed stays while it waits for more, and a note says so, or what went wrong.
 * @param {string} name a class @param {string} label @param {HTMLElement[]} content
 */
export function waitingView(name, label, ...content) {
  const note = html("p", { class: "note", role: "status", hidden: "" });
  const element = html("section", { class: `view ${name}`, "aria-label": label }, note, ...content);
  const last = latest();
  let patience = 0;
  let isFilled = false;

  /** @param {string} text @param {boolean} isError */
  const say = (text, isError) => {
    note.textContent = text;
    note.hidden = text === "";
    note.classList.toggle("error", isError);
  };
  const rest = () => {
    clearTimeout(patience);
    element.removeAttribute("aria-busy");
    element.classList.toggle("empty", !isFilled);
  };

  return {
    element,
    say: (/** @type {string} */ text) => say(text, false),
    /**
     * @template T @param {Promise<T>} work @param {(result: T) => void} done
     */
    wait(work, done) {
      clearTimeout(patience);
      patience = setTimeout(
        () => {
          element.setAttribute("aria-busy", "true");
          say(isFilled ? "Reading… what is shown is what was chosen before." : "Reading…", false);
        },
        isFilled ? PATIENCE : 0,
      );
      return last(
        work,
        (result) => {
          isFilled = true;
          rest();
          say("", false);
          done(result);
        },
        (why) => {
          rest();
          say(`This could not be shown: ${why instanceof Error ? why.message : String(why)}`, true);
        },
      );
    },
  };
}

// The box beside a frame, and the clipboard.

import { html } from "./dom.js";

/** Characters of a line of the box: names can be of 64 kB. */
const LONGEST_LINE = 600;

/** So long a note stays, in milliseconds. */
const NOTE_TIME = 1600;

/** A box that follows the pointer or the focus. It is told to screen readers elsewhere. */
export function tipBox() {
  const element = html("div", { class: "graph-tip", "aria-hidden": "true", hidden: "" });
  let [x, y, timer] = [0, 0, 0];
  /** @type {"pointer" | "focus"} */
  let of = "pointer";

  const place = () => {
    const box = element.getBoundingClientRect();
    const left = Math.max(Math.min(x + 12, innerWidth - box.width - 8), 8);
    const isBelow = y + 18 + box.height < innerHeight;
    element.style.transform = `translate(${left}px, ${isBelow ? y + 18 : Math.max(y - box.height - 8, 4)}px)`;
  };

  return {
    element,
    /**
     * @param {[string, string][]} lines @param {number} clientX @param {number} clientY
     * @param {"pointer" | "focus"} why
     */
    show(lines, clientX, clientY, why) {
      [x, y, of] = [clientX, clientY, why];
      clearTimeout(timer);
      const shown = (/** @type {string} */ text) =>
        text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
      element.replaceChildren(...lines.map(([kind, text]) => html("div", kind ? { class: kind } : {}, shown(text))));
      element.hidden = false;
      place();
    },
    /** Moves the box along. @param {number} clientX @param {number} clientY */
    move(clientX, clientY) {
      [x, y] = [clientX, clientY];
      if (!element.hidden) place();
    },
    /** Says something for a moment, where the box was last. @param {string} text */
    say(text) {
      element.replaceChildren(html("div", {}, text));
      element.hidden = false;
      place();
      timer = setTimeout(() => (element.hidden = true), NOTE_TIME);
    },
    hide: () => {
      clearTimeout(timer);
      element.hidden = true;
    },
    get isOfPointer() {
      return of === "pointer";
    },
  };
}

/** Puts a text on the clipboard; false if the browser does not allow it. @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Older browsers, and pages that are not secure, have the command alone.
  }
  const before = document.activeElement;
  const area = /** @type {HTMLTextAreaElement} */ (
    html("textarea", { class: "graph-said", "aria-hidden": "true", tabindex: "-1" })
  );
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return isDone;
}

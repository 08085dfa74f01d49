// A button with a box below it.

import { html } from "./dom.js";

let boxes = 0;

/**
 * The box closes with Escape, by a click elsewhere, and when the focus leaves it.
 * @param {string} text @param {string} label @param {HTMLElement[]} content
 */
export function popoverButton(text, label, ...content) {
  const id = `box${++boxes}`;
  const button = html(
    "button",
    { type: "button", "aria-expanded": "false", "aria-controls": id, title: label },
    text,
    html("span", { "aria-hidden": "true" }, " ▾"),
  );
  const box = html("div", { id, class: "popover", role: "group", "aria-label": label, hidden: "" }, ...content);
  const element = html("div", { class: "popoverhost" }, button, box);
  /** @param {boolean} isOpen */
  const setOpen = (isOpen) => {
    box.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    // Never beyond the window's right edge.
    if (isOpen)
      element.classList.toggle(
        "right",
        element.getBoundingClientRect().left + box.offsetWidth > document.documentElement.clientWidth - 8,
      );
    else element.classList.remove("right");
  };
  button.addEventListener("click", () => {
    setOpen(box.hidden);
    if (!box.hidden) /** @type {HTMLElement | null} */ (box.querySelector("input, button, select"))?.focus();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || box.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    setOpen(false);
    button.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) setOpen(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!box.hidden && event.target instanceof Node && !element.contains(event.target)) setOpen(false);
  });
  return { element, button, close: () => setOpen(false) };
}

// A menu at a point: mouse and keys, focus given back.

import { html } from "./dom.js";

/** `run` is called once the menu is gone. @typedef {{text: string, key?: string, run: () => void}} MenuItem */

/** @type {{close: () => void} | null} */
let opened = null;

/**
 * Opens a menu (closing any other) at a point of the window; focus goes back to what had it.
 * @param {MenuItem[]} items @param {number} x @param {number} y @param {string} label
 */
export function openMenu(items, x, y, label) {
  closeMenu();
  const before = document.activeElement;
  const menu = html("div", { class: "menu", role: "menu", "aria-label": label, tabindex: "-1" });
  const entries = items.map((item) => menuEntry(item));
  menu.append(...entries);
  document.body.append(menu);
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(Math.min(x, innerWidth - box.width - 4), 4)}px`;
  menu.style.top = `${Math.max(Math.min(y, innerHeight - box.height - 4), 4)}px`;

  const outside = (/** @type {Event} */ event) => {
    if (!(event.target instanceof Node && menu.contains(event.target))) close(false);
  };
  const away = () => close(false);
  const close = (/** @type {boolean} */ givesBack) => {
    opened = null;
    removeEventListener("pointerdown", outside, true);
    removeEventListener("wheel", outside, true);
    removeEventListener("blur", away);
    removeEventListener("resize", away);
    menu.remove();
    if (givesBack && before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
  addEventListener("pointerdown", outside, true);
  addEventListener("wheel", outside, true);
  addEventListener("blur", away);
  addEventListener("resize", away);
  menu.addEventListener("contextmenu", (event) => event.preventDefault());
  menu.addEventListener("click", (event) => {
    const at = entries.findIndex((entry) => event.target instanceof Node && entry.contains(event.target));
    if (at < 0) return;
    close(true);
    items[at].run();
  });
  menu.addEventListener("pointermove", (event) => {
    const entry = event.target instanceof Element ? event.target.closest("button") : null;
    if (entry) entry.focus();
  });
  menu.addEventListener("keydown", (event) => menuKey(event, entries, items, () => close(true)));
  opened = { close: () => close(true) };
  entries[0]?.focus();
}

/** @returns {boolean} whether one was open */
export function closeMenu() {
  const wasOpen = opened !== null;
  opened?.close();
  return wasOpen;
}

/** @param {MenuItem} item */
function menuEntry(item) {
  const key = item.key ? html("kbd", { "aria-hidden": "true" }, item.key) : null;
  const shortcut = item.key ?? null;
  const attributes = { type: "button", role: "menuitem", tabindex: "-1", "aria-keyshortcuts": shortcut };
  return html("button", attributes, html("span", {}, item.text), key);
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} entries @param {MenuItem[]} items @param {() => void} close */
function menuKey(event, entries, items, close) {
  // The page's own keys do nothing while a menu is open.
  event.stopPropagation();
  const at = entries.findIndex((entry) => entry === document.activeElement);
  const go = (/** @type {number} */ to) => entries[(to + entries.length) % entries.length].focus();
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    return close();
  }
  if (event.key === "ArrowDown") go(at + 1);
  else if (event.key === "ArrowUp") go(at < 0 ? -1 : at - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(-1);
  else {
    const isText = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isText) return;
    // The next entry that begins with what was typed.
    const starts = (/** @type {number} */ i) => items[i].text.toLowerCase().startsWith(event.key.toLowerCase());
    const order = items.map((_, i) => (at + 1 + i) % items.length);
    const found = order.find(starts);
    if (found !== undefined) go(found);
  }
  event.preventDefault();
}

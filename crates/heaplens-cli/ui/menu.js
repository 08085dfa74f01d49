// A menu at a point: mouse and keys, focus given back.

/** `run` is called once the menu is gone. @typedef {{text: string, key?: string, run: () => void}} MenuItem */

/**
 * Opens a menu (closing any other) at a point of the window; focus goes back to what had it.
 * @param {MenuItem[]} items @param {number} x @param {number} y @param {string} label
 */
export function openMenu(items, x, y, label) {
  throw new Error(`to be written: ${items} ${x} ${y} ${label}`);
}

/** @returns {boolean} whether one was open */
export function closeMenu() {
  return false;
}

// The order of a table's rows, and which of them a filter leaves.

/**
 * A column of a table. `key` is its name in the URL; without `sort` rows cannot be ordered by it. `text` is what stands
 * in a cell, and `cell` puts elements there instead. `part` draws a bar below, 0 to 1. `wide` columns are left out where
 * there is little room.
 * @template T
 * @typedef {{
 *   key: string, title: string, hint?: string, kind: "number" | "text" | "name", width: string,
 *   text: (row: T) => string, cell?: (row: T) => import("./dom.js").Child[], sort?: (row: T) => number | string,
 *   part?: (row: T) => number, wide?: boolean
 * }} Column
 */

/** An order as the URL has it: a column's key, with `-` in front for the largest first. @param {string} text */
export function parseOrder(text) {
  return text.startsWith("-") ? { key: text.slice(1), isDown: true } : { key: text, isDown: false };
}

/**
 * What a click on a column's head makes of the order: numbers begin with the largest, texts with A.
 * @template T @param {string} order @param {Column<T>} column
 */
export function nextOrder(order, column) {
  const { key, isDown } = parseOrder(order);
  if (key !== column.key) return column.kind === "number" ? `-${column.key}` : column.key;
  return isDown ? column.key : `-${column.key}`;
}

/**
 * Rows in an order; as they come if there is no such column. Equal ones stay as they came.
 * @template T @param {T[]} rows @param {Column<T>[]} columns @param {string} order @returns {T[]}
 */
export function ordered(rows, columns, order) {
  const { key, isDown } = parseOrder(order);
  const by = columns.find((column) => column.key === key)?.sort;
  if (!by) return rows;
  const values = rows.map(by);
  const compare = (/** @type {number} */ i, /** @type {number} */ j) => {
    const [a, b] = [values[i], values[j]];
    if (a === b) return i - j;
    return (a < b ? -1 : a > b ? 1 : i - j) * (isDown ? -1 : 1);
  };
  return Array.from(rows, (_, i) => i)
    .sort(compare)
    .map((i) => rows[i]);
}

/**
 * Rows whose text has all words of the filter, in any case.
 * @template T @param {T[]} rows @param {(row: T) => string} text in lower case @param {string} filter @returns {T[]}
 */
export function filtered(rows, text, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const all = text(row);
    return words.every((word) => all.includes(word));
  });
}

/**
 * Which rows a window of a long list has, with some beyond its edges.
 * @param {number} count @param {number} rowHeight @param {number} top scrolled by @param {number} height of the window
 */
export function rowWindow(count, rowHeight, top, height) {
  const beyond = 8;
  const first = Math.max(Math.floor(top / rowHeight) - beyond, 0);
  const end = Math.min(Math.ceil((top + height) / rowHeight) + beyond, count);
  return { first: Math.min(first, Math.max(end, 0)), end };
}

// CSV and JSON of what a table shows; as out/csv.rs.

import { visible } from "./dom.js";

/**
 * A column of a file.
 * @template T @typedef {{name: string, value: (row: T) => string | number | null | undefined}} Field
 */

/**
 * A field of text: nothing hidden, nothing that a spreadsheet runs, in quotes where it must be.
 * @param {string} text
 */
export function csvField(text) {
  let field = visible(text);
  // A tab or a carriage return would start a formula as well: they are visible by now.
  if (/^[=+\-@]/.test(field)) field = `'${field}`;
  return /[",]|^ | $/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** @template T @param {Field<T>[]} fields @param {T[]} rows @returns {string} */
export function csvOf(fields, rows) {
  const cell = (/** @type {string | number | null | undefined} */ value) => {
    if (typeof value === "string") return csvField(value);
    return typeof value === "number" && Number.isFinite(value) ? wholeNumber(value) : "";
  };
  const lines = [
    fields.map((field) => csvField(field.name)),
    ...rows.map((row) => fields.map((field) => cell(field.value(row)))),
  ];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** A whole number, halves away from zero as the command line rounds. @param {number} value */
export function rounded(value) {
  return Math.sign(value) * Math.round(Math.abs(value));
}

/** Without exponents; fractions as they are. @param {number} value */
function wholeNumber(value) {
  return Number.isInteger(value) && Math.abs(value) >= 1e21
    ? BigInt(value).toString()
    : String(value === 0 ? 0 : value);
}

/** @template T @param {Field<T>[]} fields @param {T[]} rows @returns {string} */
export function jsonOf(fields, rows) {
  const objects = rows.map((row) => Object.fromEntries(fields.map((field) => [field.name, field.value(row) ?? null])));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

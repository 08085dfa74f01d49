// What is compared, and how much it is in all: a line above graphs and tables.

import { html } from "./dom.js";
import { amount, signed } from "./model.js";
import { rangeText } from "./rate.js";
import { intervalOfChange } from "./top.js";

/** @typedef {import("./types.js").State} State @typedef {import("./times.js").Clock} Clock */
/** @typedef {import("./top.js").Change} Change @typedef {import("./top.js").Top} Top */

/**
 * `76.6 MiB → 152 MiB: +75.2 MiB (95 %: …)`.
 * @param {Pick<Top, "bytes" | "diff" | "rate">} top @param {Change} total
 */
export function totalText(top, total) {
  const interval = intervalOfChange(/** @type {Top} */ (top), total);
  const range = interval ? rangeText(interval.low, interval.high, top.diff) : "";
  const more = range && ` (95 %: ${range})`;
  if (!top.diff) return `${amount(total.after, top.bytes)}${more}`;
  const net = signed(total.after - total.before, top.bytes);
  return `${amount(total.before, top.bytes)} → ${amount(total.after, top.bytes)}: ${net}${more}`;
}

/** Which captures are meant. @param {State} state @param {Clock} clock */
export function sidesText(state, clock) {
  return state.a < 0 ? clock.long(state.b) : `${clock.long(state.a)} → ${clock.long(state.b)}`;
}

/** What a sample type counts. @type {Record<string, string>} */
export const SAMPLES = {
  inuse_space: "bytes in use",
  inuse_objects: "objects in use",
  alloc_space: "bytes allocated",
  alloc_objects: "objects allocated",
};

/**
 * The line: the total, what it counts, of which captures.
 * @param {State} state @param {Clock} clock @param {string} total
 */
export function summaryLine(state, clock, total) {
  return [
    html("strong", {}, total),
    html("span", { class: "muted" }, ` ${SAMPLES[state.sample]}`),
    html("span", { class: "muted which" }, ` · ${sidesText(state, clock)}`),
    state.a >= 0 && clock.position(state.a) > clock.position(state.b)
      ? html("span", { class: "warning" }, " · A is later than B")
      : "",
  ];
}

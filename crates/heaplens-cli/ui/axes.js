// The chart's axes, and what is drawn on them.

import { durationText } from "./rate.js";

/** @typedef {import("./times.js").Clock} Clock @typedef {import("./types.js").Index} Index */
/** A chart of the library: see its documentation. @typedef {any} Plot */

/**
 * Times on the axis by the distance of its ticks, with 24 hours a day; the form is uPlot's. Days have no year: the page's
 * head tells it, and two days can be neighbours.
 */
const DATE_TICKS = [
  [31536000, "{YYYY}", null, null, null, null, null, null, 1],
  [2419200, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [0.001, ":{ss}.{fff}", "\n{D} {MMM} {HH}:{mm}", null, "\n{D} {MMM} {HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
];
const SECOND_TICKS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
];
/** Steps of bytes. */
export const BYTE_STEPS = Array.from({ length: 6 }, (_, k) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * 1024 ** k),
).flat();

/** Numbers on an axis, without decimals if none has any that count. @param {string[]} texts */
export function tickTexts(texts) {
  return texts.every((text) => !/\.\d*[1-9]/.test(text)) ? texts.map((text) => text.replace(/\.0+$/, "")) : texts;
}

/** How times stand on the axis, in the library's words. @param {Clock} clock */
export function timeAxis(clock) {
  if (clock.isDate) return { values: DATE_TICKS };
  const isSeconds = clock.unit === "seconds";
  const write = (/** @type {number} */ tick) =>
    isSeconds ? durationText(tick) : Number.isInteger(tick) ? String(tick) : "";
  return {
    incrs: isSeconds ? SECOND_TICKS : undefined,
    values: (/** @type {Plot} */ _u, /** @type {number[]} */ ticks) => ticks.map(write),
  };
}

/** Some room at both ends, for the marks. @param {number[]} positions @returns {[number, number]} */
export function timeRange(positions) {
  const [first, last] = [positions[0], positions[positions.length - 1]];
  const room = (last - first) * 0.012 || 1;
  return [first - room, last + room];
}

/** Ticks that stand closer, in pixels, are one grey bar. */
const CLOSEST_TICKS = 3;
/** Room of a restart's word, in pixels. */
const RESTART_WIDTH = 48;

/**
 * Captures as ticks, those that were left out as rings, restarts as lines.
 * @param {Plot} u @param {Index} index
 * @param {{
 *   positions: number[], count: number, restarts: import("./courses.js").Restart[], css: (name: string) => string
 * }} options `count` of the captures are shown; `css` is the value of a variable
 */
export function drawCaptures(u, index, { positions, count, restarts, css }) {
  const { ctx } = u;
  const dots = devicePixelRatio;
  const { left, top, width, height: tall } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top - 18 * dots, width, tall + 18 * dots);
  ctx.clip();
  ctx.lineWidth = dots;
  ctx.strokeStyle = css("--muted");
  ctx.fillStyle = css("--muted");
  ctx.textAlign = "right";
  ctx.font = `${11 * dots}px ${css("--text-font")}`;
  const hasRoom = width / dots / count >= CLOSEST_TICKS;
  for (const [i, capture] of index.captures.entries()) {
    const x = Math.round(u.valToPos(positions[i], "x", true)) + 0.5;
    ctx.beginPath();
    if (capture.run >= 0 || !capture.left_out) {
      if (!hasRoom) continue;
      ctx.moveTo(x, top + tall);
      ctx.lineTo(x, top + tall - 5 * dots);
    } else {
      ctx.arc(x, top + tall - 4 * dots, 3 * dots, 0, 7);
    }
    ctx.stroke();
  }
  ctx.setLineDash([4 * dots, 3 * dots]);
  let written = -Infinity;
  for (const { before, capture } of restarts) {
    const ends = [before, capture].map((i) => u.valToPos(positions[i], "x", true));
    const x = Math.round((ends[0] + ends[1]) / 2) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + tall);
    ctx.stroke();
    if (x - written < RESTART_WIDTH * dots) continue;
    ctx.fillText("restart", x - 4 * dots, top + 11 * dots);
    written = x;
  }
  ctx.restore();
}

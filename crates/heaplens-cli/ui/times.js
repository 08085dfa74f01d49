// When captures were made, in the viewer's zone; or how long after the first one, where no times are known.

import { durationText } from "./rate.js";

/** @typedef {import("./types.js").Index} Index */

/**
 * How captures are placed in time and named. `position` is in seconds (Unix time if `isDate`) or the capture's number;
 * `date` is "" where no dates are known.
 * @typedef {{
 *   isDate: boolean, unit: "date" | "seconds" | "number",
 *   position: (capture: number) => number, short: (capture: number) => string, long: (capture: number) => string,
 *   date: (capture: number) => string, at: (position: number) => string
 * }} Clock
 */

/** Milliseconds; beyond there are no dates, and formatting one throws. */
const LAST_DATE = 8.64e15;

/** Of so few captures files' names say more than times. */
const FEWEST_BY_TIME = 3;

/** @param {Index} index @param {string | undefined} zone the viewer's own if undefined @returns {Clock} */
export function clockOf(index, zone = undefined) {
  const { captures } = index;
  const clock = timesOf(index, zone);
  const isFew = captures.length < FEWEST_BY_TIME;
  const names = isFew || clock.unit === "number" ? namesOfCaptures(captures) : null;
  if (!names) return clock;
  const place = (/** @type {number} */ i) => (isFew ? "" : ` (dump ${i + 1} of ${captures.length})`);
  const { date } = clock;
  return {
    ...clock,
    short: (i) => names[i],
    long: (i) => `${names[i]}${place(i)}${date(i) && `, ${date(i)}`}`,
  };
}

/** Longer names do not fit where captures are chosen. */
const LONGEST_NAME = 60;

/**
 * The ends of the captures' names that tell them apart, null if there are none.
 * @param {Index["captures"]} captures @returns {string[] | null}
 */
function namesOfCaptures(captures) {
  for (let parts = 1; parts <= 3; parts++) {
    const names = captures.map(({ name }) => name.split("/").slice(-parts).join("/"));
    if (names.some((name) => name === "" || name.length > LONGEST_NAME)) return null;
    if (new Set(names).size === names.length) return names;
  }
  return null;
}

/** @param {Index} index @param {string | undefined} zone @returns {Clock} */
function timesOf(index, zone) {
  const { captures } = index;
  // Where times were given, those that the dumps tell are not those of the verdict.
  const isDate =
    captures.length > 0 &&
    // When two files were changed last says little of what is in them.
    (index.clock !== "file" || captures.length >= FEWEST_BY_TIME) &&
    !["order", "given"].includes(index.clock) &&
    captures.every(({ time }) => time !== null && Math.abs(time) <= LAST_DATE);
  if (isDate) return dated(index, zone);
  const grows = captures.every((capture, i) => i === 0 || capture.seconds > captures[i - 1].seconds);
  if (index.clock === "order" || !grows) {
    return {
      isDate,
      unit: "number",
      position: (i) => i + 1,
      at: (position) => `dump ${Math.round(position)}`,
      short: (i) => `dump ${i + 1}`,
      long: (i) => `dump ${i + 1} of ${captures.length}`,
      date: () => "",
    };
  }
  const at = (/** @type {number} */ seconds) => `+${durationText(seconds)}`;
  return {
    isDate,
    unit: "seconds",
    position: (i) => captures[i].seconds,
    at,
    short: (i) => at(captures[i].seconds),
    long: (i) => `${at(captures[i].seconds)} (dump ${i + 1} of ${captures.length})`,
    date: () => "",
  };
}

/** @param {Index} index @param {string | undefined} zone @returns {Clock} */
function dated({ captures }, zone) {
  const times = captures.map((capture) => capture.time ?? 0);
  const first = times.reduce((least, time) => Math.min(least, time));
  const span = times.reduce((most, time) => Math.max(most, time)) - first;
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = {
    hour: "2-digit",
    minute: "2-digit",
    second: span < 7_200_000 ? "2-digit" : undefined,
    hourCycle: "h23",
  };
  if (span < 60_000) clock.fractionalSecondDigits = 1;
  const day = { month: /** @type {const} */ ("short"), day: /** @type {const} */ ("numeric") };
  const times24 = new Intl.DateTimeFormat("en-GB", { ...clock, timeZone: zone });
  const withDay = new Intl.DateTimeFormat("en-GB", { ...day, ...clock, timeZone: zone });
  const whole = new Intl.DateTimeFormat("en-GB", {
    ...day,
    year: "numeric",
    ...clock,
    timeZone: zone,
    timeZoneName: "short",
  });
  const days = new Intl.DateTimeFormat("en-GB", { ...day, year: "numeric", timeZone: zone });
  const isOneDay = days.format(first) === days.format(first + span);
  const brief = (/** @type {number} */ ms) => 
    (isOneDay ? times24 : withDay).format(Math.min(Math.max(ms, -LAST_DATE), LAST_DATE));
  return {
    isDate: true,
    unit: "date",
    position: (i) => times[i] / 1000,
    at: (position) => brief(position * 1000),
    short: (i) => brief(times[i]),
    long: (i) => whole.format(times[i]),
    date: (i) => whole.format(times[i]),
  };
}

// Rates, ranges and times as people read them; as in out/leaks/rate.rs and out/units.rs.

import { amount, scaleOf, sign } from "./model.js";

/** @typedef {{value: number, low: number, high: number}} Estimate */

/**
 * What a rate (bytes a second, or a capture where no times are known) is said in.
 * @param {number} rate @param {boolean} hasTimes
 */
export function perOf(rate, hasTimes) {
  const size = Math.abs(rate);
  if (!hasTimes) return { factor: 1, unit: "/dump" };
  if (size >= 1048576) return { factor: 1, unit: "/s" };
  if (size * 3600 >= 104857.6) return { factor: 3600, unit: "/h" };
  return { factor: 86400, unit: "/day" };
}

/** `6.1 MiB/h`. @param {number} rate @param {boolean} hasTimes */
export function rateText(rate, hasTimes) {
  const { factor, unit } = perOf(rate, hasTimes);
  return `${rate < 0 ? "−" : ""}${amount(rate * factor, true)}${unit}`;
}

/**
 * `5.2–7.0 MiB/h`, in the unit of the rate itself; empty if both ends are one.
 * @param {Estimate} rate @param {boolean} hasTimes
 */
export function rateRange(rate, hasTimes) {
  const { factor, unit } = perOf(rate.value, hasTimes);
  const range = rangeText(rate.low * factor, rate.high * factor, rate.low < 0);
  return range && `${range}${unit}`;
}

/**
 * `6.1–15.4 MiB`, `−1.2 to +3.4 MiB`; empty if both ends are one.
 * @param {number} low @param {number} high @param {boolean} isSigned
 */
export function rangeText(low, high, isSigned) {
  if (!(low < high)) return "";
  const scale = scaleOf(Math.max(Math.abs(low), Math.abs(high)));
  const [from, to] = [scale.write(Math.abs(low)), scale.write(Math.abs(high))];
  return isSigned ? `${sign(low)}${from} to ${sign(high)}${to} ${scale.unit}` : `${from}–${to} ${scale.unit}`;
}

/** `3 h 20 min`, `45 s`: two figures of a time. @param {number} seconds */
export function durationText(seconds) {
  const whole = Math.round(seconds);
  const two = (
    /** @type {number} */ first,
    /** @type {string} */ unit,
    /** @type {number} */ second,
    /** @type {string} */ smaller,
  ) => (second === 0 ? `${first} ${unit}` : `${first} ${unit} ${second} ${smaller}`);
  if (whole < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86400) return two(Math.floor(whole / 3600), "h", Math.floor(whole / 60) % 60, "min");
  return two(Math.floor(whole / 86400), "d", Math.floor(whole / 3600) % 24, "h");
}

/** `24 dumps`. @param {number} count @param {string} what @param {string} several */
export function counted(count, what, several = `${what}s`) {
  return `${count} ${count === 1 ? what : several}`;
}

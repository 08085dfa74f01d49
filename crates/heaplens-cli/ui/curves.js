// What the chart draws: one curve for each figure that is known over time.

import { coursesOf, processText, programOfProcess } from "./courses.js";
import { amount } from "./model.js";

/** @typedef {import("./types.js").Index} Index @typedef {import("./types.js").CaptureData} CaptureData */
/** @typedef {import("./times.js").Clock} Clock */

/**
 * `color` names a CSS variable; dashes tell the curves apart where colours do not. A value is null where the curve has a
 * gap, undefined where the capture is of another course. `course` is the number of its own one; a faint curve is of a
 * process beside the one that is looked at.
 * @typedef {{key: string, name: string, hint: string, color: string, dash: number[], width: number, isFaint: boolean,
 *   course: number, values: (number | null | undefined)[]}} Curve
 */

/** @type {[keyof CaptureData & string, string, string, string, number[]][]} */
const FIGURES = [
  ["total", "profile", "all that the samples stand for, with its 95 % interval", "--curve-total", []],
  ["allocated", "allocated", "what the program holds, as jemalloc counts it", "--curve-allocated", [7, 4]],
  ["active", "active", "pages that hold it", "--curve-active", [2, 3]],
  ["resident", "resident", "pages that jemalloc keeps in memory", "--curve-resident", [11, 3, 2, 3]],
  ["rss", "RSS", "all memory of the process, as the kernel counts it", "--curve-rss", [1, 4]],
];

/** How strong curves are of what is not looked at. */
export const FAINT = 0.5;
/** More courses beside the one that is looked at are told of together. */
const MOST_TOLD = 4;
/** More are not drawn. */
const MOST_BESIDE = 24;

/**
 * Curves with at least one value: all figures of one course, of the others the profile's total. Those that share a key
 * are shown and hidden together.
 * @param {Index} index @param {ReturnType<typeof coursesOf>} found @param {number} lead the course that is looked at
 * @returns {Curve[]}
 */
export function curvesOf(index, { courses, of }, lead) {
  const whose = courses.length > 1 && courses[lead] ? nameOfCourse(index, courses[lead]) : "";
  const main = FIGURES.map(([key, name, hint, color, dash]) => ({
    key,
    name: key === "total" && whose ? `${name} of ${whose}` : name,
    hint,
    color,
    dash,
    width: key === "total" ? 2 : 1.5,
    isFaint: false,
    course: lead,
    values: index.captures.map((_, i) => valueOf(index, of, lead, key, i)),
  }));
  const beside = courses.map((_, number) => number).filter((number) => number !== lead);
  const others = beside.slice(0, MOST_BESIDE).map((number) => {
    const course = courses[number];
    const process = (index.processes ?? [])[index.captures[course.captures[0]].process];
    const isOne = beside.length <= MOST_TOLD;
    return {
      key: isOne ? `course ${number}` : "others",
      name: isOne ? nameOfCourse(index, course) || "another process" : `${beside.length} other processes`,
      hint: `the profile of ${programOfProcess(process) || "another process"}, beside the one that is looked at`,
      color: "--curve-total",
      dash: [],
      width: 1.2,
      isFaint: true,
      course: number,
      values: index.captures.map((_, i) => valueOf(index, of, number, "total", i)),
    };
  });
  return [...main, ...others].filter(({ values }) => values.some((value) => typeof value === "number"));
}

/** @param {Index} index @param {import("./courses.js").Course} course */
function nameOfCourse({ captures, processes }, course) {
  const all = [...new Set(course.captures.map((i) => captures[i].process))];
  const [first, ...more] = all.map((process) => (processes ?? [])[process]);
  const judged = (processes ?? [])[captures.find(({ run }) => run === 0)?.process ?? -1];
  const other = first && first.pid !== null && first.exe !== judged?.exe;
  const program = other ? `${programOfProcess(first)} ` : "";
  const name = `${program}${processText(first)}`.trim();
  return name && more.length > 0 ? `${name} and ${more.length} more` : name;
}

/**
 * @param {Index} index @param {Int32Array} of @param {number} course @param {keyof CaptureData & string} key
 * @param {number} i
 */
function valueOf({ captures }, of, course, key, i) {
  const capture = captures[i];
  const isLeftOut = capture.run < 0 && capture.left_out !== "";
  // What is the same as another one is no gap beside that one.
  if (isLeftOut && capture.time !== null && [i - 1, i + 1].some((other) => captures[other]?.time === capture.time))
    return undefined;
  // Whose it is may not be known of one that is damaged.
  if (of[i] !== course) return of[i] < 0 && isLeftOut && key === "total" ? null : undefined;
  // What the allocator and the kernel count stands, whatever was sampled.
  if (isLeftOut && key === "total") return null;
  return /** @type {number | null} */ (capture[key]);
}

/**
 * The value of a curve at a capture; at one of another process the nearest, null outside of the curve's time.
 * @param {Curve["values"]} values @param {number} i @param {(capture: number) => boolean} isNear whether one that stands
 * outside by so little counts
 */
export function valueNear(values, i, isNear) {
  if (values[i] !== undefined) return values[i] ?? null;
  let [before, after] = [i - 1, i + 1];
  while (before >= 0 && values[before] === undefined) before--;
  while (after < values.length && values[after] === undefined) after++;
  const [past, future] = [before < 0 ? Infinity : i - before, after >= values.length ? Infinity : after - i];
  const nearest = past <= future ? before : after;
  if (Math.max(past, future) === Infinity && !(nearest in values && isNear(nearest))) return null;
  return values[nearest] ?? null;
}

/**
 * How far up the chart goes.
 * @param {(number | null | undefined)[][]} lists what is drawn @param {[number, number]} shown first and last capture
 */
export function mostShown(lists, [from, to]) {
  let most = 1;
  // One by one: as arguments of one call there can be too many.
  for (const values of lists) for (let i = from; i <= to; i++) most = Math.max(most, values[i] ?? 0);
  return most;
}

/** The capture nearest to a position. @param {number[]} positions in order @param {number} position */
export function nearestCapture(positions, position) {
  let low = 0;
  let high = positions.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (positions[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low > 0 && position - positions[low - 1] <= positions[low] - position ? low - 1 : low;
}

/**
 * Positions that rise: those of captures made at the same moment are moved apart by a little, as the chart's library
 * takes no equal ones.
 * @param {number[]} positions
 */
export function rising(positions) {
  const span = positions.length > 1 ? positions[positions.length - 1] - positions[0] : 0;
  const least = span > 0 ? span * 1e-6 : 1e-3;
  let last = -Infinity;
  return positions.map((position) => (last = position > last ? position : last + least));
}

/**
 * The course of the profile's total, for those who do not see the chart.
 * @param {Index} index @param {Clock} clock
 */
export function courseText(index, clock) {
  const { captures } = index;
  const found = coursesOf(index);
  const [course] = found.courses;
  const known = (course?.captures ?? []).filter((i) => captures[i].run >= 0 || !captures[i].left_out);
  const left = captures.filter(({ run, left_out }) => run < 0 && left_out).length;
  const count = `${known.length} ${known.length === 1 ? "dump" : "dumps"}`;
  const leftText = left > 0 ? `; ${left} left out` : "";
  if (known.length === 0) return `The profile's total is known of no dump${leftText}.`;
  const most = known.reduce((best, i) => (captures[i].total > captures[best].total ? i : best));
  const at = (/** @type {number} */ i) => `${amount(captures[i].total, true)} at ${clock.long(i)}`;
  const restarts = course.restarts.map(({ capture }) => clock.long(capture));
  const more = restarts.length > 0 ? `; restarted before ${restarts.slice(0, 5).join(", ")}` : "";
  const beside = found.courses.length - 1;
  const others = beside > 0 ? `; ${beside} other ${beside === 1 ? "process" : "processes"} beside it` : "";
  return (
    `The profile's total in ${count}: first ${at(known[0])}, last ${at(known[known.length - 1])}, ` +
    `most ${at(most)}${more}${others}${leftText}.`
  );
}

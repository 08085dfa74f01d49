// Which captures belong to one course of memory: processes one after another are one, those beside each other are several.

import { lastPart } from "./program.js";

/** @typedef {import("./types.js").Index} Index @typedef {import("./types.js").ProcessData} ProcessData */

/**
 * Captures in order, those that were left out among them; `restarts` are the ones before which the process was started
 * anew, each with the one before it; `runs` are the numbers of the runs.
 * @typedef {{before: number, capture: number}} Restart
 * @typedef {{captures: number[], restarts: Restart[], runs: number[]}} Course
 *
 * @typedef {{run: number, captures: number[], process: number}} Stretch
 */

/**
 * The courses of all captures, that of the verdict first, then those of most captures; and which one each capture is of,
 * -1 for none.
 * @param {Index} index @returns {{courses: Course[], of: Int32Array}}
 */
export function coursesOf(index) {
  const { captures } = index;
  const processes = index.processes ?? [];
  const stretches = stretchesOf(index);
  /** @type {{captures: number[], begins: Set<number>, runs: number[], stretches: Stretch[]}[]} */
  const courses = [];
  for (const stretch of stretches) {
    const course = courses
      .map((course) => ({ course, last: course.stretches[course.stretches.length - 1] }))
      .filter(({ last }) => end(last) < stretch.captures[0] && isOneProgram(processes, last, stretch))
      .map((found) => ({ ...found, likeness: likeness(processes, found.last, stretch) }))
      .sort((x, y) => y.likeness - x.likeness || end(y.last) - end(x.last))[0];
    if (!course) {
      courses.push({ captures: [], begins: new Set(), runs: [stretch.run], stretches: [stretch] });
      continue;
    }
    // Sampling that was off for a while ends a run, but not the process.
    if (!isOneProcess(course.last, stretch)) course.course.begins.add(stretch.captures[0]);
    course.course.stretches.push(stretch);
    course.course.runs.push(stretch.run);
  }
  const isJudged = (/** @type {typeof courses[0]} */ course) => (course.runs.includes(0) ? 1 : 0);
  const size = (/** @type {typeof courses[0]} */ { stretches: all }) =>
    all.reduce((sum, { captures: members }) => sum + members.length, 0);
  courses.sort((x, y) => isJudged(y) - isJudged(x) || size(y) - size(x));

  const of = new Int32Array(captures.length).fill(-1);
  /** @type {Map<number, number>} */
  const ofProcess = new Map();
  for (const [number, { stretches: all }] of courses.entries()) {
    for (const { captures: members, process } of all) {
      for (const capture of members) of[capture] = number;
      if (process >= 0 && !ofProcess.has(process)) ofProcess.set(process, number);
    }
  }
  for (const [i, { process = -1 }] of captures.entries()) if (of[i] < 0) of[i] = ofProcess.get(process) ?? -1;
  for (const [i, number] of of.entries()) if (number >= 0) courses[number].captures.push(i);
  const restartsOf = (/** @type {typeof courses[0]} */ { captures: members, begins }) =>
    members.flatMap((capture, i) => (begins.has(capture) ? [{ before: members[i - 1], capture }] : []));
  return {
    courses: courses.map((course) => ({ captures: course.captures, restarts: restartsOf(course), runs: course.runs })),
    of,
  };
}

/**
 * Runs in the order of their beginnings. Where nothing was judged each process is taken for one, and so are those of
 * whose captures all were left out.
 * @param {Index} index @returns {Stretch[]}
 */
function stretchesOf({ captures, leaks }) {
  /** @type {Map<string, Stretch>} */
  const found = new Map();
  const judged = new Set(captures.filter(({ run }) => run >= 0).map(({ process }) => process));
  for (const [i, { run, left_out, process = -1 }] of captures.entries()) {
    const isLost = run < 0 && (leaks || left_out) && (process < 0 || judged.has(process));
    if (isLost) continue;
    const key = run >= 0 ? `run ${run}` : `process ${process}`;
    const stretch = found.get(key);
    if (stretch) stretch.captures.push(i);
    else found.set(key, { run, captures: [i], process });
  }
  return [...found.values()];
}

/** @param {Stretch} stretch */
const end = ({ captures }) => captures[captures.length - 1];

/** @param {Stretch} x @param {Stretch} y */
const isOneProcess = (x, y) => x.process >= 0 && x.process === y.process;

/** @param {ProcessData[]} processes @param {Stretch} x @param {Stretch} y */
function isOneProgram(processes, x, y) {
  const [a, b] = [processes[x.process]?.exe ?? "", processes[y.process]?.exe ?? ""];
  return a === b;
}

/** How surely one follows the other. @param {ProcessData[]} processes @param {Stretch} x @param {Stretch} y */
function likeness(processes, x, y) {
  if (isOneProcess(x, y)) return 2;
  return processes[x.process]?.host === processes[y.process]?.host ? 1 : 0;
}

/** The file of a process's program, "" if it is not known. @param {ProcessData | undefined} process */
export const programOfProcess = (process) => lastPart(process?.exe ?? "");

/** A process in a few words, "" if nothing is known of it. @param {ProcessData | undefined} process */
export function processText(process) {
  if (!process) return "";
  return process.pid === null ? programOfProcess(process) : `pid ${process.pid}`;
}

/**
 * What a capture is of, where that is not the same for all; if it was left out that, and unless it is told in brief why.
 * @param {Index} index @param {number} i @param {boolean} isBrief
 */
export function captureNotes({ captures, processes }, i, isBrief = false) {
  const capture = captures[i];
  const known = processes ?? [];
  const process = known[capture.process];
  const main = known.find(({ exe }) => exe) ?? process;
  const isOther = process && process.pid !== null && process.exe !== main?.exe;
  const program = isOther ? `${programOfProcess(process)} ` : "";
  return [
    known.length > 1 && process ? `${program}${processText(process)}` : "",
    capture.left_out ? (isBrief ? "left out" : `left out: ${capture.left_out}`) : "",
  ].filter(Boolean);
}

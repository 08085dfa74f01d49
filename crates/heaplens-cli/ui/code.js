// The code that allocated: the index's columns as typed arrays.

import { lastPart } from "./program.js";

/** @typedef {import("./types.js").Index} Index */

/**
 * Names are those of functions, distinct, and those made up for a runtime or a thread; name 0 is "all". `rank` is their
 * order. Frames from `frameCount` on are made up and have a name alone; `frameInlined` has "0" and "1" as characters.
 * `places` and `modules` are texts.
 * @typedef {{
 *   index: Index,
 *   names: string[], colors: string, rank: Int32Array,
 *   frameCount: number, frameName: Int32Array, frameFunction: Int32Array, framePlace: Int32Array,
 *   frameModule: Int32Array, frameInlined: Uint8Array, places: string[], modules: string[],
 *   stackParent: Int32Array, stackFrame: Int32Array, stackDepth: Int32Array,
 *   siteCount: number, siteStack: Int32Array, siteCut: Int32Array, siteRun: Int32Array, siteRuntime: Int32Array,
 *   threadFrame: Int32Array, noThread: number
 * }} Code
 */

const UNKNOWN_NAME = "[unknown]";
const NO_THREAD = "[no thread]";

/** @param {Index} index @returns {Code} */
export function codeOf(index) {
  const { functions, frames, sites, strings } = index;
  const names = nameTable();
  const nameOfFunction = functions.name.map((string, f) => names.of(strings[string], functions.color[f]));
  /** @type {number[]} */
  const frameName = [];
  for (const f of frames.function) frameName.push(f >= 0 ? nameOfFunction[f] : names.of(UNKNOWN_NAME));
  const frameCount = frameName.length;
  /** @type {Map<number, number>} */
  const madeUp = new Map();
  const made = (/** @type {string} */ text) => {
    const name = names.of(text);
    const frame = madeUp.get(name) ?? frameName.push(name) - 1;
    madeUp.set(name, frame);
    return frame;
  };
  const siteRuntime = Int32Array.from(sites.runtime, (string) => (string >= 0 ? made(strings[string]) : -1));
  const threadFrame = Int32Array.from(index.threads, (name) => made(threadRoot(name)));
  const noThread = made(NO_THREAD);
  const framesInAll = (/** @type {ArrayLike<number>} */ column) => {
    const all = new Int32Array(frameName.length).fill(-1);
    all.set(Array.from(column));
    return all;
  };
  const { framePlace, places } = placesOf(index);
  return {
    index,
    names: names.texts,
    colors: names.colors.join(""),
    rank: ranks(names.texts),
    frameCount,
    frameName: Int32Array.from(frameName),
    frameFunction: framesInAll(frames.function),
    framePlace: framesInAll(framePlace),
    frameModule: framesInAll(frames.module),
    frameInlined: new TextEncoder().encode(frames.inlined.padEnd(frameName.length, "0")),
    places,
    modules: index.modules.map(({ path }) => lastPart(path) || path),
    ...stacksOf(index),
    siteCount: sites.stack.length,
    siteStack: Int32Array.from(sites.stack),
    siteCut: Int32Array.from(sites.cut),
    siteRun: Int32Array.from(sites.run),
    siteRuntime,
    threadFrame,
    noThread,
  };
}

/** The id of a name, -1 if no function has it. @param {Code} code @param {string} name @returns {number} */
export function nameId(code, name) {
  return code.names.indexOf(name, 1);
}

/** Whose code a frame is: a letter as in the index. @param {Code} code @param {number} frame */
export function ownerOf(code, frame) {
  const f = frame < 0 ? -1 : code.frameFunction[frame];
  if (f >= 0) return code.index.functions.owner[f];
  return frame >= code.frameCount ? "r" : "p";
}

/** The crate of a frame, "" for none. @param {Code} code @param {number} frame */
export function frameCrate(code, frame) {
  const f = frame < 0 ? -1 : code.frameFunction[frame];
  const string = f < 0 ? -1 : code.index.functions.crate[f];
  return string < 0 ? "" : code.index.strings[string];
}

/** Distinct names, each with the digit of its colour. */
function nameTable() {
  const texts = ["all"];
  const colors = [digitOf("all")];
  /** @type {Map<string, number>} */
  const known = new Map();
  return {
    texts,
    colors,
    /** @param {string} text @param {string} [color] */
    of(text, color) {
      let id = known.get(text);
      if (id === undefined) {
        id = texts.push(text) - 1;
        colors.push(color ?? digitOf(text));
        known.set(text, id);
      }
      return id;
    },
  };
}

/** @param {string} text */
function digitOf(text) {
  return warmIndex(text).toString(36);
}

/** Which of 32 warm colours a name has, as in view/palette.rs. @param {string} text */
export function warmIndex(text) {
  return nameHash(text) % 32;
}

/** FNV-1a of 64 bits, folded to 32. @param {string} text */
export function nameHash(text) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}

/** The place of each name in the order of their UTF-8 bytes, as Rust compares strings. @param {string[]} names */
function ranks(names) {
  const order = Int32Array.from(names.keys());
  const hasPairs = names.some((name) => /[\ud800-\udfff]/.test(name));
  if (hasPairs) order.sort((a, b) => compareBytes(names[a], names[b]));
  else order.sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : 0));
  const rank = new Int32Array(names.length);
  order.forEach((name, place) => (rank[name] = place));
  return rank;
}

/** How the UTF-8 of two texts compares. @param {string} a @param {string} b */
export function compareBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // Of two units only one is of a pair: pairs stand for what comes after all single units.
    const [isPair, isOtherPair] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    if (isPair !== isOtherPair) return isPair ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** The root of a thread's stacks, the numbers of its name folded as in group/threads.rs. @param {string} name */
function threadRoot(name) {
  return name.startsWith("[") ? name : `[thread: ${name.replace(/[0-9]+/g, "*")}]`;
}

/** `file:line` of frames. @param {Index} index */
function placesOf(index) {
  const { functions, frames, strings } = index;
  /** @type {string[]} */
  const places = [];
  const framePlace = frames.function.map((f, i) => {
    const file = f >= 0 ? functions.file[f] : -1;
    if (file < 0) return -1;
    const line = frames.line[i];
    return places.push(line > 0 ? `${strings[file]}:${line}` : strings[file]) - 1;
  });
  return { framePlace, places };
}

/** @param {Index} index */
function stacksOf(index) {
  const stackParent = Int32Array.from(index.stacks.parent);
  const stackDepth = new Int32Array(stackParent.length);
  for (let i = 0; i < stackParent.length; i++) {
    if (stackParent[i] >= i) throw new Error("the page's data is damaged: a stack comes before its caller");
    stackDepth[i] = stackParent[i] < 0 ? 1 : stackDepth[stackParent[i]] + 1;
  }
  return { stackParent, stackFrame: Int32Array.from(index.stacks.frame), stackDepth };
}

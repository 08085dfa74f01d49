// Who holds the memory: each site is charged to one function, for the first screen of one dump or two.

import { amount, percent, signed } from "./model.js";
import { rangeText } from "./rate.js";
import { intervalOfChange } from "./top.js";

/** @typedef {import("./types.js").Index} Index @typedef {import("./types.js").Values} Values */
/** @typedef {import("./top.js").Top} Top @typedef {import("./top.js").Change} Change */

/** @typedef {{name: string, place: string, owner: string, bytes: Change, objects: Change}} Charge */

/**
 * Whom each site is charged to: the innermost frame of the program's own, else of a library or of code without names,
 * else the one that allocates; and the owner of the frame that asked for it, past the allocator and the standard library.
 * @param {Index} index @returns {{frame: Int32Array, asker: string[]}} a frame a site, -1 for none
 */
export function chargedFrames({ sites, stacks, frames, functions }) {
  const { owner } = functions;
  const frame = new Int32Array(sites.stack.length).fill(-1);
  const asker = sites.stack.map((leaf, site) => {
    let own = -1;
    let foreign = -1;
    let innermost = -1;
    let first = "";
    let cut = sites.cut[site];
    for (let stack = leaf; stack >= 0; stack = stacks.parent[stack]) {
      const here = stacks.frame[stack];
      const letter = owner[frames.function[here]] ?? "";
      if (cut-- <= 0 || stacks.parent[stack] < 0) {
        if (innermost < 0) innermost = here;
        if (!first && letter !== "a" && letter !== "s") first = letter;
        if (foreign < 0 && (letter === "t" || letter === "u")) foreign = here;
      }
      if (letter === "p") {
        own = here;
        break;
      }
    }
    frame[site] = own >= 0 ? own : foreign >= 0 ? foreign : innermost;
    return first;
  });
  return { frame, asker };
}

/**
 * Charges by function name, the largest first (of two captures, by the size of the change), and what each owner asked
 * for.
 * @param {Index} index @param {Values | null} before @param {Values} after
 */
export function chargesOf(index, before, after) {
  const { frame: charged, asker } = chargedFrames(index);
  /** @type {Map<string, Charge & {largest: number}>} */
  const byName = new Map();
  /** @type {Record<string, number>} */
  const owners = {};
  const none = () => ({ before: 0, after: 0 });
  const total = { bytes: none(), objects: none() };
  /** @param {Values} values @param {"before" | "after"} side */
  const add = (values, side) => {
    for (let i = 0; i < values.count; i++) {
      const frame = charged[values.site[i]];
      const fn = frame >= 0 ? index.frames.function[frame] : -1;
      const name = fn >= 0 ? index.strings[index.functions.name[fn]] : "(no function)";
      const owner = fn >= 0 ? index.functions.owner[fn] : "";
      let charge = byName.get(name);
      if (!charge) byName.set(name, (charge = { name, place: "", owner, bytes: none(), objects: none(), largest: -1 }));
      charge.bytes[side] += values.bytes[i];
      charge.objects[side] += values.objects[i];
      total.bytes[side] += values.bytes[i];
      total.objects[side] += values.objects[i];
      if (side === "after") {
        const letter = asker[values.site[i]];
        owners[letter] = (owners[letter] ?? 0) + values.bytes[i];
      }
      if (values.bytes[i] > charge.largest) {
        charge.largest = values.bytes[i];
        charge.place = placeOfFrame(index, frame);
      }
    }
  };
  if (before) add(before, "before");
  add(after, "after");
  const size = (/** @type {Charge} */ { bytes }) => Math.abs(bytes.after - bytes.before);
  const charges = [...byName.values()].sort((x, y) => size(y) - size(x) || (x.name < y.name ? -1 : 1));
  return { charges, owners, total };
}

/** `file:line` of a frame, as far as it is known. @param {Index} index @param {number} frame */
export function placeOfFrame({ frames, functions, strings }, frame) {
  const file = frame < 0 ? -1 : (functions.file[frames.function[frame]] ?? -1);
  if (file < 0) return "";
  return frames.line[frame] > 0 ? `${strings[file]}:${frames.line[frame]}` : strings[file];
}

/**
 * The interval of a change in words, `95 %: 6.1–15.4 MiB`.
 * @param {Pick<Top, "bytes" | "diff" | "rate">} top @param {Change} change
 */
export function changeRange(top, change) {
  const interval = intervalOfChange(/** @type {Top} */ (top), change);
  const range = interval ? rangeText(interval.low, interval.high, top.diff) : "";
  return range && `95 %: ${range}`;
}

/**
 * True if a change's interval has zero in it.
 * @param {Pick<Top, "bytes" | "diff" | "rate">} top @param {Change} change
 */
export function isChance(top, change) {
  const interval = intervalOfChange(/** @type {Top} */ (top), change);
  return interval !== null && interval.low <= 0 && interval.high >= 0;
}

/**
 * The first sentence about one dump.
 * @param {string} program @param {Change} bytes @param {Change} objects @param {number | null} rate
 */
export function heldSentence(program, bytes, objects, rate) {
  const range = changeRange({ bytes: true, diff: false, rate }, bytes);
  const count =
    objects.after >= 0.5 ? `, in ${rate !== null && rate > 1 ? "about " : ""}${amount(objects.after, false)}` : "";
  return `${program || "The program"} holds ${amount(bytes.after, true)}${range && ` (${range})`}${count}`;
}

/**
 * The first sentence about two.
 * @param {string} program @param {Change} bytes @param {number | null} rate
 */
export function changedSentence(program, bytes, rate) {
  const net = bytes.after - bytes.before;
  const diff = { bytes: true, diff: true, rate };
  const range = changeRange(diff, bytes);
  const sides = `from ${amount(bytes.before, true)} to ${amount(bytes.after, true)}`;
  const chance = isChance(diff, bytes) ? "; that may be chance" : "";
  const verb = net >= 0.5 ? "grew" : net <= -0.5 ? "shrank" : "stayed the same";
  return `${program || "The program"} ${verb} ${sides}: ${signed(net, true)}${range && ` (${range})`}${chance}`;
}

/**
 * Who asked for the memory, the largest part first.
 * @param {Record<string, number>} owners by letter, "" where nothing tells @param {number} total
 * @returns {{letter: string, name: string, part: number, text: string}[]}
 */
export function ownerShares(owners, total) {
  const names = {
    p: "the program’s own functions",
    t: "third-party libraries",
    r: "runtimes",
    s: "the standard library",
    a: "the allocator",
    u: "not known: no names of functions",
  };
  return Object.entries(owners)
    .filter(([, bytes]) => bytes > 0)
    .sort((x, y) => y[1] - x[1])
    .map(([letter, bytes]) => ({
      letter,
      name: names[/** @type {keyof typeof names} */ (letter)] ?? "functions without names",
      part: total > 0 ? bytes / total : 0,
      text: `${percent(bytes, total)}, ${amount(bytes, true)}`,
    }));
}

/** @param {Record<string, number>} owners @param {number} total */
export function ownSentence(owners, total) {
  const own = owners.p ?? 0;
  if (own <= 0 && owners.u > 0 && owners.u >= total / 2)
    return "Whose functions asked for it is not known: there are no names of functions.";
  if (own <= 0) return "No function of the program itself asked for any of it, as far as names tell.";
  return `The program’s own functions asked for ${percent(own, total)} of it.`;
}

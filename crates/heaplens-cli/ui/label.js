// What fits on a frame of its name.

import { cut } from "./model.js";

/** Longer names are cut as they are. */
const LONGEST_PARTED = 400;

/** Where the parts of names begin. @type {Map<string, number[]>} */
const partsKnown = new Map();

/**
 * A name in so many columns: whole, else without as much of its path as does not fit, else cut. The last part of a path
 * tells more than the first one, which neighbours have in common.
 * @param {string} name @param {number} room
 */
export function frameLabel(name, room) {
  if (name.length > LONGEST_PARTED) return cut(name, room);
  const whole = cut(name, room);
  if (whole === name) return name;
  const starts = pathStarts(name);
  for (const start of starts) {
    const rest = name.slice(start);
    if (cut(rest, room) === rest) return rest;
  }
  return starts.length > 0 ? cut(name.slice(starts[starts.length - 1]), room) : whole;
}

/**
 * Where the parts of a path begin but for the first: behind `::` that no bracket is around. What begins with a bracket
 * itself (`{closure}`, `<T>`) says nothing without the part before.
 * @param {string} name
 */
function pathStarts(name) {
  let starts = partsKnown.get(name);
  if (starts) return starts;
  starts = [];
  let depth = 0;
  for (let i = 0; i < name.length; i++) {
    const c = name[i];
    if (c === "<" || c === "(" || c === "[" || c === "{") depth++;
    // An arrow closes nothing.
    else if (c === ")" || c === "]" || c === "}" || (c === ">" && name[i - 1] !== "-")) depth--;
    else if (c === ":" && name[i + 1] === ":") {
      i += 1;
      if (depth === 0 && name[i + 1] !== "{" && name[i + 1] !== "<") starts.push(i + 1);
    }
  }
  // `operator<<` and the like: brackets that do not pair say nothing of parts.
  if (depth !== 0) starts = [];
  if (partsKnown.size > 20_000) partsKnown.clear();
  partsKnown.set(name, starts);
  return starts;
}

// pprof's profile.proto, gzipped, as out/pprof writes it.

import { placedValues, stackSums } from "../sums.js";
import { rateOf } from "../tree.js";
import { WireMessage, WireStrings } from "./wire.js";

/** @typedef {import("../code.js").Code} Code @typedef {import("../fold.js").Stacks} Stacks */
/** @typedef {import("../types.js").Values} Values @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").SampleType} SampleType */

/** Fields of the messages that are written. */
const PROFILE = {
  sampleType: 1,
  sample: 2,
  mapping: 3,
  location: 4,
  function: 5,
  string: 6,
  time: 9,
  periodType: 11,
  period: 12,
  defaultType: 14,
};

/** Addresses are made up: so many for each module. */
const MODULE_SIZE = 2 ** 32;

/** @type {Record<SampleType, (values: Values) => Float64Array | null>} */
const AMOUNTS = {
  alloc_objects: (values) => values.alloc_objects,
  alloc_space: (values) => values.alloc_bytes,
  inuse_objects: (values) => values.objects,
  inuse_space: (values) => values.bytes,
};

/**
 * All sample types that the data has; the base of a difference is negative, labelled `pprof::base`. Takes what
 * `modelOf` takes; amounts are never relative. Values of threads have their thread's name as a label.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @returns {Promise<Uint8Array>}
 */
export async function pprofOf(code, before, after, state) {
  const message = pprofMessage(code, before, after, state);
  const stream = new Blob([/** @type {BlobPart} */ (message)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The same, not compressed.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 */
export function pprofMessage(code, before, after, state) {
  const strings = new WireStrings();
  const profile = new WireMessage();
  const types = code.index.sample_types;
  for (const type of types) profile.message(PROFILE.sampleType, valueType(strings, type));
  const places = writeSamples(code, before, after, state, strings, profile);
  writePlaces(code, places, strings, profile);
  const time = code.index.captures[state.b]?.time ?? 0;
  if (time > 0) profile.number(PROFILE.time, time * 1e6);
  profile.message(PROFILE.periodType, valueType(strings, "space"));
  profile.number(PROFILE.period, rateOf(code, before !== null, state) ?? 1);
  profile.number(PROFILE.defaultType, strings.id(types.includes(state.sample) ? state.sample : "inuse_space"));
  for (const text of strings.texts) profile.text(PROFILE.string, text);
  return profile.done();
}

/** @param {WireStrings} strings @param {string} type */
function valueType(strings, type) {
  const message = new WireMessage();
  message.number(1, strings.id(type));
  message.number(2, strings.id(type.endsWith("space") ? "bytes" : "count"));
  return message;
}

/** @param {WireStrings} strings @param {string} key @param {string} text */
function textLabel(strings, key, text) {
  const message = new WireMessage();
  message.number(1, strings.id(key));
  message.number(2, strings.id(text));
  return message;
}

/**
 * Threads as labels name them. Those without a name are called `[thread 3]` on the page and have this number alone; the
 * others are pools of threads, which get numbers that are free.
 * @param {string[]} threads
 */
function threadLabels(threads) {
  const numbers = threads.map((name) => /^\[thread (\d+)\]$/.exec(name)?.[1] ?? "");
  const taken = new Set(numbers);
  let free = 0;
  return threads.map((name, i) => {
    if (numbers[i]) return { name: "", id: numbers[i] };
    while (taken.has(String(free))) free++;
    return { name, id: String(free++) };
  });
}

/**
 * Each stack once, for each thread and side. Returns the numbers of the frames that they have, from 1.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state
 * @param {WireStrings} strings
 * @param {WireMessage} profile @returns {Map<number, number>}
 */
function writeSamples(code, before, after, state, strings, profile) {
  const plain = { ...state, byThread: false, relative: false };
  const sides = before ? [after, before] : [after];
  const { stacks, nodes } = placedValues(code, sides, plain);
  const keeps = partKeeper(code, before, after, plain, stacks);
  const threads = threadLabels(code.index.threads);
  /** @type {Map<number, number>} */
  const locations = new Map();
  const locationOf = (/** @type {number} */ frame) => {
    const id = locations.get(frame) ?? locations.size + 1;
    locations.set(frame, id);
    return id;
  };
  sides.forEach((values, side) => {
    const sign = side === 0 ? 1 : -1;
    for (const { node, thread, sums } of rowsOfValues(code, values, nodes[side], keeps)) {
      const rounded = sums.map((sum) => sign * Math.round(sum));
      if (rounded.every((value) => value === 0)) continue;
      const path = [];
      for (let i = node; i > 0; i = stacks.parent[i]) path.push(locationOf(stacks.frame[i]));
      const sample = new WireMessage();
      sample.numbers(1, path);
      sample.numbers(2, rounded);
      if (thread >= 0) {
        const { name, id } = threads[thread] ?? { name: "", id: "0" };
        if (name) sample.message(3, textLabel(strings, "thread", name));
        // As out/pprof does: as text, since readers take numbers for amounts.
        sample.message(3, textLabel(strings, "thread_id", id));
      }
      if (side === 1) sample.message(3, textLabel(strings, "pprof::base", "true"));
      profile.message(PROFILE.sample, sample);
    }
  });
  return locations;
}

/**
 * Which nodes are in the part that is shown.
 * @param {Code} code @param {Values | null} before @param {Values} after @param {State} state @param {Stacks} stacks
 */
function partKeeper(code, before, after, state, stacks) {
  if (!before || state.part === "all") return () => true;
  const { own } = stackSums(code, before, after, { ...state, part: "all" });
  const part = state.part === "grown" ? own.grown : own.shrunk;
  return (/** @type {number} */ node) => part[stacks.merged[node]] > 0;
}

/**
 * Sums of equal stacks and threads, in the order of the stacks.
 * @param {Code} code @param {Values} values @param {Int32Array} nodes @param {(node: number) => boolean} keeps
 */
function rowsOfValues(code, values, nodes, keeps) {
  const columns = code.index.sample_types.map((type) => AMOUNTS[type](values));
  const threads = code.index.threads.length + 1;
  /** @type {Map<number, {node: number, thread: number, sums: number[]}>} */
  const rows = new Map();
  for (let i = 0; i < values.count; i++) {
    const node = nodes[i];
    if (node < 0 || !keeps(node)) continue;
    const thread = values.thread ? values.thread[i] : -1;
    const key = node * threads + thread + 1;
    let row = rows.get(key);
    if (!row) rows.set(key, (row = { node, thread, sums: columns.map(() => 0) }));
    for (let c = 0; c < columns.length; c++) row.sums[c] += columns[c]?.[i] ?? 0;
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}

/**
 * Locations, and the mappings and functions that they name.
 * @param {Code} code @param {Map<number, number>} locations @param {WireStrings} strings @param {WireMessage} profile
 */
function writePlaces(code, locations, strings, profile) {
  const { index } = code;
  /** @type {Map<number, number>} */
  const mappings = new Map();
  /** @type {Map<number, number>} */
  const inModule = new Map();
  /** @type {Map<number, number>} */
  const functionIds = new Map();
  const functions = new WireMessage();
  for (const [frame, id] of locations) {
    const module = code.frameModule[frame];
    const offset = inModule.get(module) ?? 0;
    inModule.set(module, offset + 1);
    const location = new WireMessage();
    location.number(1, id);
    if (module >= 0) {
      const mapping = mappings.get(module) ?? mappings.size + 1;
      mappings.set(module, mapping);
      location.number(2, mapping);
      location.number(3, mapping * MODULE_SIZE + offset);
    }
    // Made-up frames are functions of their own.
    const key = code.frameFunction[frame] >= 0 ? code.frameFunction[frame] : -1 - frame;
    const known = functionIds.get(key);
    const line = new WireMessage();
    line.number(1, known ?? functionIds.size + 1);
    line.number(2, frame < code.frameCount ? Math.max(index.frames.line[frame], 0) : 0);
    location.message(4, line);
    profile.message(PROFILE.location, location);
    if (known !== undefined) continue;
    functionIds.set(key, functionIds.size + 1);
    functions.message(PROFILE.function, functionOf(code, frame, functionIds.size, strings));
  }
  for (const [module, mapping] of mappings) {
    profile.message(PROFILE.mapping, mappingOf(index.modules[module], mapping, inModule.get(module) ?? 0, strings));
  }
  profile.append(functions);
}

/** @param {Code} code @param {number} frame @param {number} id @param {WireStrings} strings */
function functionOf(code, frame, id, strings) {
  const f = code.frameFunction[frame];
  const file = f >= 0 ? code.index.functions.file[f] : -1;
  const name = strings.id(code.names[code.frameName[frame]]);
  const message = new WireMessage();
  message.number(1, id);
  message.number(2, name);
  message.number(3, name);
  message.number(4, file >= 0 ? strings.id(code.index.strings[file]) : 0);
  return message;
}

/**
 * @param {import("../types.js").ModuleData} module @param {number} id @param {number} size @param {WireStrings} strings
 */
function mappingOf(module, id, size, strings) {
  const message = new WireMessage();
  message.number(1, id);
  message.number(2, id * MODULE_SIZE);
  message.number(3, id * MODULE_SIZE + size);
  message.number(5, strings.id(module.path));
  message.number(6, strings.id(module.build_id));
  // Names are all there: nobody needs to look for more.
  for (const has of [7, 8, 9, 10]) message.flag(has, true);
  return message;
}

// The data of a graph and what can be computed from it, without any page.

/**
 * What `data.rs` writes: nodes in preorder as columns; node 0 is the root. Amounts are each node's own, so that
 * sums over a subtree are the node's; `merged` has row, number of nodes and shrunk amount of rows that stand for
 * left-out nodes. `name`, `place` and `module` are indices into lists, -1 for none.
 * @typedef {{
 *   version: number, bytes: boolean, diff: boolean, objects: boolean, rate: number | null, largest: number,
 *   shape: "icicle" | "flame",
 *   header: {title: string, facts: string[], warnings: string[], legend: string,
 *     symbols?: {summary: string, modules: string[]}},
 *   names: string[], colors: string, places: string[], modules: string[],
 *   name: number[], depth: number[], place: number[], module: number[], inlined: string,
 *   net: number[], before: number[], other: number[], other_before: number[], merged: [number, number, number][]
 * }} Document
 */

/**
 * Cumulative amounts of all nodes. `frames` counts the nodes at and below one, `end` is one past the last of them.
 * @typedef {{
 *   doc: Document, count: number, parent: Int32Array, end: Int32Array, frames: Float64Array, merged: Map<number, number>,
 *   grown: Float64Array, shrunk: Float64Array, before: Float64Array, other: Float64Array, otherBefore: Float64Array
 * }} Model
 */

/** @param {Document} doc @returns {Model} */
export function decode(doc) {
  const count = doc.depth.length;
  const column = (/** @type {number[]} */ values) =>
    values.length === count ? Float64Array.from(values) : new Float64Array(count);
  const model = {
    doc,
    count,
    parent: new Int32Array(count),
    end: new Int32Array(count),
    frames: new Float64Array(count).fill(1),
    merged: new Map(doc.merged.map(([i, frames]) => [i, frames])),
    grown: Float64Array.from(doc.net, (net) => Math.max(net, 0)),
    shrunk: Float64Array.from(doc.net, (net) => Math.max(-net, 0)),
    before: column(doc.before),
    other: column(doc.other),
    otherBefore: column(doc.other_before),
  };
  const callers = [0];
  for (let i = 1; i < count; i++) {
    callers.length = doc.depth[i];
    model.parent[i] = callers[callers.length - 1];
    callers.push(i);
  }
  for (const [i, frames, shrunk] of doc.merged) {
    model.frames[i] = frames;
    model.grown[i] = doc.net[i] + shrunk;
    model.shrunk[i] = shrunk;
  }
  for (let i = count - 1; i >= 0; i--) {
    model.end[i] = Math.max(model.end[i], i + 1);
    if (i === 0) break;
    const p = model.parent[i];
    model.end[p] = Math.max(model.end[p], model.end[i]);
    for (const sums of [model.grown, model.shrunk, model.before, model.other, model.otherBefore, model.frames]) {
      sums[p] += sums[i];
    }
  }
  return model;
}

/** Drawn width of a node: grown + shrunk. @param {Model} model @param {number} i */
export function widthOf(model, i) {
  return model.grown[i] + model.shrunk[i];
}

/** Net change; the amount itself if it is no difference. @param {Model} model @param {number} i */
export function netOf(model, i) {
  return model.grown[i] - model.shrunk[i];
}

/** @param {Model} model @param {number} i @returns {string} */
export function nameOf(model, i) {
  const name = model.doc.name[i];
  return name < 0 ? `${grouped(model.frames[i])} merged frames` : model.doc.names[name];
}

/** Step of a net change, -8 (shrank) to 8 (grew); as in view/palette.rs. @param {number} net @param {number} largest */
export function changeStep(net, largest) {
  if (Math.abs(net) < 0.5 || largest <= 0) return 0;
  const step = Math.min(Math.max(Math.ceil((Math.abs(net) / largest) * 8), 1), 8);
  return net < 0 ? -step : step;
}

/** The class of a node's colour; as in style.rs. @param {Model} model @param {number} i */
export function colorOf(model, i) {
  const { doc } = model;
  if (!doc.diff) return `w${parseInt(doc.colors[doc.name[i]], 36)}`;
  const step = changeStep(netOf(model, i), doc.largest);
  return step === 0 ? "z" : `${step < 0 ? "s" : "g"}${Math.abs(step)}`;
}

/**
 * What a search found. `hit` marks nodes, `below` nodes with a hit at or below them.
 * @typedef {{hit: Uint8Array, below: Uint8Array}} Found
 */

/** @param {Model} model @param {RegExp} pattern @returns {Found} */
export function find(model, pattern) {
  const names = model.doc.names.map((name) => pattern.test(name));
  const hit = new Uint8Array(model.count);
  const below = new Uint8Array(model.count);
  for (let i = model.count - 1; i >= 0; i--) {
    if (names[model.doc.name[i]]) hit[i] = 1;
    if (hit[i]) below[i] = 1;
    if (below[i]) below[model.parent[i]] = 1;
  }
  return { hit, below };
}

/**
 * Width and net amount of all hits at and below a node; a hit below another counts once.
 * @param {Model} model @param {Found} found @param {number} root
 */
export function shareOf(model, found, root) {
  for (let i = root; ; i = model.parent[i]) {
    if (found.hit[i]) return { width: widthOf(model, root), net: netOf(model, root) };
    if (i === 0) break;
  }
  let width = 0;
  let net = 0;
  for (let i = root; i < model.end[root]; ) {
    if (found.hit[i]) {
      width += widthOf(model, i);
      net += netOf(model, i);
      i = model.end[i];
    } else {
      i = found.below[i] ? i + 1 : model.end[i];
    }
  }
  return { width, net };
}

/**
 * Keys of all nodes for the URL: 64 bits of hash over the names from the root, so that the same stack has the
 * same key in another graph.
 * @param {Model} model @returns {{key: (i: number) => string, find: (key: string) => number}}
 */
export function keysOf(model) {
  const hash = (/** @type {string} */ text, /** @type {number} */ h) => {
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    return h;
  };
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => {
    const h = Math.imul(a ^ (a >>> 15) ^ b, 0x2c1b3c6d);
    return Math.imul(h ^ (h >>> 13), 0x297a2d39);
  };
  const low = model.doc.names.map((name) => hash(name, 0x811c9dc5));
  const high = model.doc.names.map((name) => hash(name, 0x2f0b4a27));
  const lows = new Int32Array(model.count);
  const highs = new Int32Array(model.count);
  const hex = (/** @type {number} */ h) => (h >>> 0).toString(16).padStart(8, "0");
  for (let i = 0; i < model.count; i++) {
    const p = model.parent[i];
    lows[i] = mix(lows[p], low[model.doc.name[i]] | 0);
    highs[i] = mix(highs[p], high[model.doc.name[i]] | 0);
  }
  const key = (/** @type {number} */ i) => hex(highs[i]) + hex(lows[i]);
  return {
    key,
    find: (wanted) => {
      const start = parseInt(wanted.slice(0, 8), 16) | 0;
      return highs.findIndex((high, i) => high === start && !model.merged.has(i) && key(i) === wanted);
    },
  };
}

/** 95 % interval in bytes, null for exact values and objects; as in sampling.rs. @param {Model} model @param {number} i */
export function intervalOf(model, i) {
  const { bytes, diff, rate } = model.doc;
  if (!bytes || rate === null || rate <= 1) return null;
  const z = 1.959963984540054;
  const net = netOf(model, i);
  if (diff) {
    const half = z * Math.sqrt(rate * (Math.abs(model.before[i]) + Math.abs(model.before[i] + net)));
    return { low: net - half, high: net + half };
  }
  const byar = (/** @type {number} */ k, /** @type {number} */ q) =>
    k * (1 - 1 / (9 * k) + q / (3 * Math.sqrt(k))) ** 3;
  const k = Math.max(net / rate, 0);
  return { low: k > 0 ? Math.max(rate * byar(k, -z), 0) : 0, high: rate * byar(k + 1, z) };
}

/** @param {number} value */
export function grouped(value) {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @param {number} value @returns {{unit: string, write: (v: number) => string}} */
export function scaleOf(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let step = 0;
  while (step < 6 && value / 1024 ** step >= 1023.5) step++;
  const divisor = 1024 ** step;
  const decimals = step > 0 && value / divisor < 99.95 ? 1 : 0;
  return {
    unit: units[step],
    write: (v) => (decimals ? (v / divisor).toFixed(1) : grouped(v / divisor)),
  };
}

/** An amount as figures.rs writes it. @param {number} value @param {boolean} bytes */
export function amount(value, bytes) {
  const size = Math.abs(value);
  if (!bytes) return `${grouped(size)} object${grouped(size) === "1" ? "" : "s"}`;
  const scale = scaleOf(size);
  return `${scale.write(size)} ${scale.unit}`;
}

/** @param {number} value */
export function sign(value) {
  return value >= 0.5 ? "+" : value <= -0.5 ? "−" : "";
}

/** @param {number} value @param {boolean} bytes */
export function signed(value, bytes) {
  return sign(value) + amount(value, bytes);
}

/** @param {Model} model @param {number} i */
export function intervalText(model, i) {
  const interval = intervalOf(model, i);
  if (!interval || interval.low >= interval.high) return "";
  const { low, high } = interval;
  const scale = scaleOf(Math.max(Math.abs(low), Math.abs(high)));
  const [from, to] = [scale.write(Math.abs(low)), scale.write(Math.abs(high))];
  return model.doc.diff
    ? ` (95 %: ${sign(low)}${from} to ${sign(high)}${to} ${scale.unit})`
    : ` (95 %: ${from}–${to} ${scale.unit})`;
}

/** @param {number} part @param {number} whole */
export function percent(part, whole) {
  const share = whole > 0 ? (part / whole) * 100 : 0;
  return share > 0 && share < 0.05 ? "<0.1 %" : `${share.toFixed(1)} %`;
}

/** Columns of a character in a monospaced font; as in view/layout.rs. @param {number} c */
export function columnsOf(c) {
  const wide =
    (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f000 && c <= 0x1ffff) || (c >= 0x20000 && c <= 0x3ffff);
  return wide ? 2 : 1;
}

/** A text cut to so many columns, empty if nothing useful would be left. @param {string} text @param {number} available */
export function cut(text, available) {
  let used = 0;
  let end = 0; // Where the text is cut if it turns out to be too long.
  let position = 0;
  for (const character of text) {
    used += columnsOf(character.codePointAt(0) ?? 0);
    if (used > available) return available < 3 ? "" : `${text.slice(0, end)}…`;
    position += character.length;
    if (used < available) end = position;
  }
  return text;
}

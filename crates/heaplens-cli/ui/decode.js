// The page's data as it is written: a container of an index and of blocks, and where they come from.

import { addedValues, readBlock } from "./block.js";

/** @typedef {import("./types.js").Home} Home @typedef {import("./types.js").Index} Index */
/** @typedef {import("./types.js").Values} Values */

/** So many captures' values are kept. */
const KEPT = 64;
/** And so many points of them, 20 to 40 bytes each; those of threads are as many again. */
const KEPT_POINTS = 4e6;

/** What base64 of gzip stands for. @param {string} base64 @returns {Promise<Uint8Array>} */
export async function gunzip(base64) {
  const text = atob(base64);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The home of a file that has all in it. @param {Uint8Array} bytes the container @returns {Home} */
export function embeddedHome(bytes) {
  const { index, values, threads } = openContainer(bytes);
  return homeOf(
    index,
    (n) => Promise.resolve(values[n]),
    (n) => Promise.resolve(threads[n]),
    KEPT_POINTS,
  );
}

/**
 * The home that asks a server: `data`, `values/N` and `threads/N` below `base`.
 * @param {string} base @param {(url: string) => Promise<Response>} get `fetch`
 * @param {number} points so many are kept
 * @returns {Promise<Home>}
 */
export async function serverHome(base, get, points = KEPT_POINTS) {
  const root = base.endsWith("/") ? base : `${base}/`;
  const load = async (/** @type {string} */ path) => {
    const response = await get(root + path);
    if (!response.ok) throw new Error(`the server answered ${response.status} for ${path}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const { index, values, threads } = openContainer(await load("data"));
  const block = (/** @type {Uint8Array[]} */ known, /** @type {string} */ path) => (/** @type {number} */ n) =>
    known[n]?.length ? Promise.resolve(known[n]) : load(`${path}/${n}`);
  return homeOf(index, block(values, "values"), block(threads, "threads"), points);
}

/** @param {Uint8Array} bytes @returns {{index: Index, values: Uint8Array[], threads: Uint8Array[]}} */
function openContainer(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const next = () => {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Infinity;
    if (at + 4 + length > bytes.length) throw new Error("the page's data is damaged: it ends too soon");
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  /** @type {Index} */
  const index = JSON.parse(new TextDecoder().decode(next()));
  if (index.version !== 1)
    throw new Error(`the page's data is of version ${index.version}, which this page cannot read`);
  /** @type {Uint8Array[]} */
  const values = [];
  /** @type {Uint8Array[]} */
  const threads = [];
  for (let n = 0; n < index.captures.length; n++) {
    values.push(next());
    threads.push(next());
  }
  return { index, values, threads };
}

/**
 * @param {Index} index @param {(n: number) => Promise<Uint8Array>} values
 * @param {(n: number) => Promise<Uint8Array>} threads
 * @param {number} points so many are kept @returns {Home}
 */
function homeOf(index, values, threads, points) {
  const ofThreads = reader(index, threads, points);
  return {
    index,
    values: reader(index, values, points),
    threads: async (n) => (index.captures[n]?.has_threads ? ofThreads(n) : null),
  };
}

/**
 * Values of captures, their bases resolved; those asked for last are kept.
 * @param {Index} index @param {(n: number) => Promise<Uint8Array>} block @param {number} most points that are kept
 * @returns {(n: number) => Promise<Values>}
 */
function reader(index, block, most) {
  /** @type {Map<number, {values: Promise<Values>, points: number}>} points: -1 while one waits for them */
  const kept = new Map();
  let points = 0;
  const read = async (/** @type {number} */ n) => {
    const { base, values } = readBlock(await block(n), index.sites.stack.length);
    if (base === 0) return values;
    if (base > n) throw new Error("the page's data is damaged: a base that does not exist");
    return addedValues(await get(n - base), values);
  };
  /** Lets go of the oldest, but never of the last one. @param {number} last */
  const limit = (last) => {
    for (const [n, entry] of kept) {
      if (kept.size <= KEPT && points <= most) break;
      if (n === last || entry.points < 0) continue;
      kept.delete(n);
      points -= entry.points;
    }
  };
  const begin = (/** @type {number} */ n) => {
    const entry = { values: read(n), points: -1 };
    entry.values.then(
      ({ count }) => {
        entry.points = count;
        points += count;
        // A capture comes after those that it is based on.
        kept.delete(n);
        kept.set(n, entry);
        limit(n);
      },
      // What failed is asked for anew.
      () => kept.delete(n),
    );
    return entry;
  };
  /** @type {(n: number) => Promise<Values>} */
  const get = (n) => {
    if (!(n >= 0 && n < index.captures.length)) return Promise.reject(new Error(`there is no capture ${n}`));
    const entry = kept.get(n) ?? begin(n);
    kept.delete(n);
    kept.set(n, entry);
    return entry.values;
  };
  return get;
}

// One block of the page's data: what each site held in a capture, or how that differs from another capture.

/** @typedef {import("./types.js").Values} Values */

const WITH_ALLOC = 1;
const WITH_THREADS = 2;

/** Amounts are written as parts of a byte or an object. */
const PARTS = 256;

/** @typedef {{at: number, bytes: Uint8Array}} Cursor */

/** An unsigned LEB128 number; exact up to 2^53. @param {Cursor} cursor */
function readNumber(cursor) {
  const { bytes } = cursor;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    if (cursor.at >= bytes.length) break;
    const byte = bytes[cursor.at++];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw new Error("the page's data is damaged: a number does not end");
}

/** A zigzag number. @param {Cursor} cursor */
function readSigned(cursor) {
  const value = readNumber(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * A block and how far back its base is, 0 for none.
 * @param {Uint8Array} bytes @param {number} siteCount @returns {{base: number, values: Values}}
 */
export function readBlock(bytes, siteCount) {
  const cursor = { at: 0, bytes };
  const flags = readNumber(cursor);
  const base = readNumber(cursor);
  const count = readNumber(cursor);
  if (count > bytes.length) throw new Error("the page's data is damaged: more values than bytes");
  const values = emptyValues(count, (flags & WITH_THREADS) !== 0, (flags & WITH_ALLOC) !== 0);
  let site = -1;
  for (let i = 0; i < count; i++) {
    site += readNumber(cursor);
    if (site < 0 || site >= siteCount) throw new Error("the page's data is damaged: a site that does not exist");
    values.site[i] = site;
    if (values.thread) values.thread[i] = readNumber(cursor);
    values.bytes[i] = readSigned(cursor) / PARTS;
    values.objects[i] = readSigned(cursor) / PARTS;
    if (values.alloc_bytes && values.alloc_objects) {
      values.alloc_bytes[i] = readSigned(cursor) / PARTS;
      values.alloc_objects[i] = readSigned(cursor) / PARTS;
    }
  }
  return { base, values };
}

/** @param {number} count @param {boolean} threads @param {boolean} alloc @returns {Values} */
export function emptyValues(count, threads, alloc) {
  return {
    count,
    site: new Int32Array(count),
    thread: threads ? new Int32Array(count) : null,
    bytes: new Float64Array(count),
    objects: new Float64Array(count),
    alloc_bytes: alloc ? new Float64Array(count) : null,
    alloc_objects: alloc ? new Float64Array(count) : null,
  };
}

/** The columns with amounts that some values have. @param {Values} values */
function amountColumns(values) {
  const { bytes, objects, alloc_bytes: allocBytes, alloc_objects: allocObjects } = values;
  return allocBytes && allocObjects ? [bytes, objects, allocBytes, allocObjects] : [bytes, objects];
}

/**
 * Values of a base with what differs added; what becomes nothing is gone.
 * @param {Values} base @param {Values} change @returns {Values}
 */
export function addedValues(base, change) {
  const most = base.count + change.count;
  const sum = emptyValues(most, change.thread !== null, change.alloc_bytes !== null);
  const [from, by, to] = [amountColumns(base), amountColumns(change), amountColumns(sum)];
  let n = 0;
  for (let i = 0, j = 0; i < base.count || j < change.count;) {
    const order = compareKeys(base, i, change, j);
    let isNothing = true;
    for (let c = 0; c < to.length; c++) {
      const amount = (order <= 0 && c < from.length ? from[c][i] : 0) + (order >= 0 ? by[c][j] : 0);
      to[c][n] = amount;
      isNothing &&= amount === 0;
    }
    const [source, at] = order <= 0 ? [base, i] : [change, j];
    sum.site[n] = source.site[at];
    if (sum.thread) sum.thread[n] = source.thread ? source.thread[at] : 0;
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (!isNothing) n++;
  }
  return firstValues(sum, n);
}

/**
 * Which comes first, by site and thread; a list that has ended comes last.
 * @param {Values} a @param {number} i @param {Values} b @param {number} j
 */
function compareKeys(a, i, b, j) {
  if (i >= a.count) return 1;
  if (j >= b.count) return -1;
  return a.site[i] - b.site[j] || (a.thread?.[i] ?? 0) - (b.thread?.[j] ?? 0);
}

/** @param {Values} values @param {number} count @returns {Values} */
function firstValues(values, count) {
  return {
    count,
    site: values.site.slice(0, count),
    thread: values.thread?.slice(0, count) ?? null,
    bytes: values.bytes.slice(0, count),
    objects: values.objects.slice(0, count),
    alloc_bytes: values.alloc_bytes?.slice(0, count) ?? null,
    alloc_objects: values.alloc_objects?.slice(0, count) ?? null,
  };
}

// Invented data: random indices and values, and a writer of the container.

/** Random numbers that are the same each time. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** An index of these stacks (lists of names from the root), each a site. `changes` are put over its fields. */
export function indexOf(stacks, changes = {}) {
  const strings = [""];
  const string = (text) => {
    const at = strings.indexOf(text);
    return at > 0 ? at : strings.push(text) - 1;
  };
  const functions = { name: [], file: [], crate: [], owner: "", color: "" };
  const frames = { function: [], line: [], module: [], inlined: "" };
  const tree = { parent: [], frame: [] };
  const frameOf = new Map();
  const stackOf = new Map();
  const sites = { stack: [], cut: [], run: [], runtime: [] };
  for (const given of stacks) {
    const { names, cut = 0, run = 0, runtime = "" } = Array.isArray(given) ? { names: given } : given;
    let stack = -1;
    for (const text of names) {
      // "name@file:line" has a place.
      const [name, place = ""] = text.split("@");
      let frame = frameOf.get(text);
      if (frame === undefined) {
        const [file, line] = place.split(":");
        frame = frames.function.push(functions.name.push(string(name)) - 1) - 1;
        functions.file.push(file ? string(file) : -1);
        functions.crate.push(name.includes("::") ? string(name.split("::")[0]) : -1);
        functions.owner += "asrtp"[name.length % 5];
        functions.color += (name.length % 32).toString(36);
        frames.line.push(Number(line ?? 0));
        frames.module.push(0);
        frames.inlined += frame % 2 ? "1" : "0";
        frameOf.set(text, frame);
      }
      const key = `${stack} ${frame}`;
      if (!stackOf.has(key)) {
        stackOf.set(key, tree.parent.push(stack) - 1);
        tree.frame.push(frame);
      }
      stack = stackOf.get(key);
    }
    sites.stack.push(stack);
    sites.cut.push(cut);
    sites.run.push(run);
    sites.runtime.push(runtime ? string(runtime) : -1);
  }
  return {
    version: 1,
    program: "made",
    title: "made up",
    is_redacted: false,
    sample_types: ["inuse_objects", "inuse_space"],
    strings,
    functions,
    frames,
    stacks: tree,
    sites,
    modules: [{ path: "/usr/bin/made", build_id: "00ff", state: "named", advice: "" }],
    threads: [],
    captures: [captureOf("one"), captureOf("two")],
    base: -1,
    start: "",
    filters: [],
    clock: "time",
    leaks: null,
    warnings: [],
    palette: { light: paletteOf("#"), dark: paletteOf("#d") },
    sources: [],
    processes: [],
    granularity: "function",
    ...changes,
  };
}

export function captureOf(name, changes = {}) {
  return {
    name,
    time: null,
    seconds: 0,
    run: 0,
    left_out: "",
    rate: null,
    total: 0,
    low: 0,
    high: 0,
    objects: 0,
    has_threads: false,
    allocated: null,
    active: null,
    resident: null,
    retained: null,
    rss: null,
    warnings: [],
    process: -1,
    ...changes,
  };
}

function paletteOf(prefix) {
  const list = (name, count) => Array.from({ length: count }, (_, i) => `${prefix}${name}${i}`);
  return {
    warm: list("w", 32),
    change: list("c", 17),
    owner: list("o", 5),
    crates: [0, 1, 2].map((lightness) => list("h", 24).map((hue) => `${hue}of${lightness}`)),
    merged: `${prefix}m`,
    matched: `${prefix}f`,
    label: `${prefix}l`,
  };
}

/** Values of `[site, bytes, objects]` or `[site, thread, bytes, objects]` rows, in order. */
export function valuesOf(rows, { threads = false, alloc = false } = {}) {
  const column = (i) => Float64Array.from(rows, (row) => row[i] ?? 0);
  const at = threads ? 2 : 1;
  return {
    count: rows.length,
    site: Int32Array.from(rows, (row) => row[0]),
    thread: threads ? Int32Array.from(rows, (row) => row[1]) : null,
    bytes: column(at),
    objects: column(at + 1),
    alloc_bytes: alloc ? column(at + 2) : null,
    alloc_objects: alloc ? column(at + 3) : null,
  };
}

export const STATE = {
  view: "flame",
  a: -1,
  b: 0,
  sample: "inuse_space",
  part: "all",
  relative: false,
  shape: "icicle",
  inverted: false,
  color: "name",
  zoom: "",
  search: "",
  regex: false,
  matchCase: false,
  allocator: false,
  runtime: false,
  byThread: false,
  focus: "",
  ignore: "",
  hide: "",
  showFrom: "",
  fn: "",
  sort: "",
  filter: "",
};

function number(out, value) {
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
}

function signed(out, value) {
  const parts = BigInt(Math.round(value * 256));
  number(out, parts < 0n ? -2n * parts - 1n : 2n * parts);
}

/** A block as the library writes it; `base` says how far back the values are relative to. */
export function blockOf(values, base = 0) {
  const out = [];
  number(out, (values.alloc_bytes ? 1 : 0) | (values.thread ? 2 : 0));
  number(out, base);
  number(out, values.count);
  let site = -1;
  for (let i = 0; i < values.count; i++) {
    number(out, values.site[i] - site);
    site = values.site[i];
    if (values.thread) number(out, values.thread[i]);
    signed(out, values.bytes[i]);
    signed(out, values.objects[i]);
    if (values.alloc_bytes) {
      signed(out, values.alloc_bytes[i]);
      signed(out, values.alloc_objects[i]);
    }
  }
  return Uint8Array.from(out);
}

/** The container: an index and, for each capture, two blocks. */
export function containerOf(index, blocks) {
  const parts = [new TextEncoder().encode(JSON.stringify(index)), ...blocks];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    new DataView(bytes.buffer).setUint32(at, part.length, true);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** Random stacks over a few names, so that they merge, recurse and end inside each other. */
export function randomStacks(random, count, names = "abcdef") {
  const all = new Map();
  for (let i = 0; i < count; i++) {
    const stack = Array.from({ length: 1 + random(6) }, () => {
      const name = names[random(names.length)];
      return random(3) ? name : `${name}@${name}.rs:${1 + random(3)}`;
    });
    all.set(stack.join(";"), stack);
  }
  return [...all.values()];
}

/** Random values of some of the sites. */
export function randomValues(random, siteCount, threadCount = 0) {
  const rows = [];
  for (let site = 0; site < siteCount; site++) {
    if (random(3) === 0) continue;
    if (threadCount === 0) rows.push([site, random(1000) / 4, random(20)]);
    for (let thread = 0; thread < threadCount; thread++) {
      if (random(2)) rows.push([site, thread, random(1000) / 4, random(20)]);
    }
  }
  return valuesOf(rows, { threads: threadCount > 0 });
}

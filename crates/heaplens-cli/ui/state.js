// What is shown, and its place in the URL: the fragment has what differs from the default.

/** @typedef {import("./types.js").Index} Index @typedef {import("./types.js").State} State */
/** @typedef {(state: State, changed: Set<keyof State>) => void} Listener */

/** Longer texts in a link are cut: no honest one is. */
export const LONGEST_IN_LINK = 2000;

/** @type {Record<string, readonly string[]>} */
const STATE_CHOICES = {
  view: ["answer", "flame", "top", "callers", "suspects", "threads", "modules", "source"],
  part: ["all", "grown", "shrunk"],
  shape: ["icicle", "flame"],
  color: ["name", "owner", "crate", "change"],
};

/** How the fields are called in a link. @type {[keyof State, string][]} */
const LINK_NAMES = [
  ["view", "view"],
  ["a", "a"],
  ["b", "b"],
  ["sample", "sample"],
  ["part", "part"],
  ["relative", "relative"],
  ["shape", "shape"],
  ["inverted", "inverted"],
  ["color", "color"],
  ["allocator", "allocator"],
  ["runtime", "runtime"],
  ["byThread", "threads"],
  ["focus", "focus"],
  ["ignore", "ignore"],
  ["hide", "hide"],
  ["showFrom", "from"],
  ["fn", "fn"],
  ["search", "search"],
  ["regex", "regex"],
  ["matchCase", "case"],
  ["zoom", "zoom"],
  ["callersZoom", "callers"],
  ["calleesZoom", "callees"],
  ["sort", "sort"],
  ["filter", "filter"],
];

/** What the page opens with: what it was asked for, the rest as it chooses. @param {Index} index @returns {State} */
export function defaultState(index) {
  return readState(index.start, chosenState(index), index);
}

/** @param {Index} index @returns {State} */
function chosenState(index) {
  const last = Math.max(index.captures.length - 1, 0);
  const judged = judgedRun(index);
  const [first, end] = judged ?? [last > 0 ? 0 : -1, last];
  // Who names a base wants that one, whenever it was made.
  const hasBase = last > 0 && index.base >= 0;
  const a = hasBase ? index.base : first;
  const b = a === end ? end - 1 : end;
  return {
    view: index.captures.length === 2 ? "flame" : "answer",
    a,
    b,
    sample: index.sample_types.includes("inuse_space") ? "inuse_space" : (index.sample_types[0] ?? "inuse_space"),
    part: "all",
    relative: false,
    // Of a graph that is no difference "change" is "name".
    shape: "icicle",
    inverted: false,
    color: last > 0 ? "change" : "name",
    zoom: "",
    callersZoom: "",
    calleesZoom: "",
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
}

/**
 * First and last capture that the verdict rests on, null without one.
 * @param {Index} index @returns {[number, number] | null}
 */
export function judgedRun(index) {
  // Not by their names: several can have the same.
  const places = index.leaks?.runs?.[0]?.places;
  if (!Array.isArray(places)) return null;
  const [first, last] = [places[0], places[places.length - 1]];
  return index.captures[first] && index.captures[last] && first < last ? [first, last] : null;
}

/** The state as a fragment, without `#`; empty for the default. @param {State} state @param {State} base */
export function writtenState(state, base) {
  const parameters = new URLSearchParams();
  for (const [field, name] of LINK_NAMES) {
    const value = state[field];
    if (value === base[field]) continue;
    parameters.set(name, typeof value === "boolean" ? (value ? "1" : "0") : String(value).slice(0, LONGEST_IN_LINK));
  }
  return parameters.toString();
}

/**
 * The state that a fragment says. What it does not say, or says wrongly, is as in `base`.
 * @param {string} fragment @param {State} base @param {Index} index @returns {State}
 */
export function readState(fragment, base, index) {
  const parameters = new URLSearchParams(fragment.replace(/^#/, "").slice(0, 40 * LONGEST_IN_LINK));
  /** @type {Record<string, string | number | boolean>} */
  const state = { ...base };
  for (const [field, name] of LINK_NAMES) {
    const text = parameters.get(name);
    if (text === null) continue;
    const value = readField(field, text.slice(0, LONGEST_IN_LINK), base, index);
    if (value !== null) state[field] = value;
  }
  return /** @type {State} */ (/** @type {unknown} */ (state));
}

/**
 * One value, null if it is none.
 * @param {keyof State} field @param {string} text @param {State} base @param {Index} index
 */
function readField(field, text, base, index) {
  if (field === "a" || field === "b") {
    const number = /^-?\d{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= (field === "a" ? -1 : 0) && number < index.captures.length ? number : null;
  }
  if (field === "sample") return index.sample_types.some((type) => type === text) ? text : null;
  if (Object.hasOwn(STATE_CHOICES, field)) return STATE_CHOICES[field].includes(text) ? text : null;
  if (typeof base[field] === "boolean") return text === "1" ? true : text === "0" ? false : null;
  return text;
}

/** Fields that a view has for itself: another one starts without them. */
const OF_A_VIEW = /** @type {const} */ (["sort", "filter"]);

/** Fields that belong to the function whose callers are shown. */
const OF_A_FUNCTION = /** @type {const} */ (["callersZoom", "calleesZoom"]);

/** Keeps the state and the URL as one. @param {Index} index */
export function stateStore(index) {
  const base = defaultState(index);
  let state = readState(location.hash, base, index);
  /** @type {Listener[]} */
  const listeners = [];

  /** @param {State} next */
  const become = (next) => {
    const changed = new Set(LINK_NAMES.map(([field]) => field).filter((field) => next[field] !== state[field]));
    state = next;
    if (changed.size > 0) listeners.forEach((listener) => listener(state, changed));
  };
  const follow = () => become(readState(location.hash, base, index));
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);

  return {
    base,
    get state() {
      return state;
    },
    /** @param {Listener} listener */
    listen(listener) {
      listeners.push(listener);
    },
    /**
     * Changes some of it. `push` makes a step to come back to, `replace` does not.
     * @param {Partial<State>} change @param {"push" | "replace"} how
     */
    change(change, how = "push") {
      const next = { ...state, ...change };
      if (next.view !== state.view) {
        for (const field of OF_A_VIEW) if (!(field in change)) next[field] = "";
      }
      if (next.fn !== state.fn) {
        for (const field of OF_A_FUNCTION) if (!(field in change)) next[field] = "";
      }
      saveLink(writtenState(next, base), how);
      become(next);
    },
    /** The fragment that leads to the state with a change. @param {Partial<State>} change */
    link(change) {
      const next = { ...state, ...change };
      return `#${writtenState(next, base) || `view=${next.view}`}`;
    },
  };
}

/** @typedef {ReturnType<typeof stateStore>} Store */

/** @param {string} fragment @param {"push" | "replace"} how */
function saveLink(fragment, how) {
  const url = `#${fragment}`;
  if (url === (location.hash || "#")) return;
  try {
    if (how === "push") history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  } catch {
    // Some pages forbid it (a sandboxed frame, too many changes a second); the page works without.
  }
}

// All keys of the page; the list that `?` shows is this one. The flame graph and tables have more while in focus.

import { nextChoice } from "./choices.js";
import { judgedRun } from "./state.js";

/** @typedef {import("./app.js").App} App @typedef {import("./types.js").State} State */

/**
 * What keys reach beside the state.
 * @typedef {{
 *   app: App, search: () => boolean, exportMenu: () => void, help: () => void, escape: () => void, focusView: () => void
 * }} Shell
 *
 * `run` is null for keys that something else answers to; these are listed only.
 * @typedef {{group: string, keys: string[], text: string, run: ((shell: Shell) => void) | null}} Key
 */

/** @type {[State["view"], string][]} */
export const VIEWS = [
  ["answer", "Answer"],
  ["flame", "Flame graph"],
  ["top", "Top"],
  ["callers", "Callers"],
  ["suspects", "Suspects"],
  ["threads", "Threads"],
  ["modules", "Modules"],
  ["source", "Source"],
];

/** @param {"a" | "b"} which @param {number} step @returns {(shell: Shell) => void} */
function moved(which, step) {
  return ({ app }) => {
    const { store, index, clock } = app;
    const next = store.state[which] + step;
    if (next >= (which === "a" ? -1 : 0) && next < index.captures.length) {
      store.change({ [which]: next }, "replace");
      app.announce(`${which.toUpperCase()}: ${next < 0 ? "none" : clock.long(next)}`);
    }
  };
}

/**
 * @param {"allocator" | "runtime" | "byThread" | "inverted" | "relative"} field @param {string} text
 * @returns {(shell: Shell) => void}
 */
function toggled(field, text) {
  return ({ app }) => {
    app.store.change({ [field]: !app.store.state[field] });
    app.announce(`${text}: ${app.store.state[field] ? "on" : "off"}`);
  };
}

/** @param {"sample" | "part" | "color" | "shape"} field @returns {(shell: Shell) => void} */
function stepped(field) {
  return ({ app }) => {
    const { value, text } = nextChoice(app.index, app.store.state, field);
    app.store.change(/** @type {Partial<State>} */ ({ [field]: value }));
    app.announce(text);
  };
}

/** A before it was taken away, -1 if it never was. */
let formerA = -1;

/** @param {Shell} shell */
function compare({ app }) {
  const { store, index } = app;
  const { a, b } = store.state;
  if (a >= 0) {
    formerA = a;
    return store.change({ a: -1 });
  }
  const first = formerA >= 0 ? formerA : (judgedRun(index)?.[0] ?? 0);
  if (index.captures.length > 1) store.change({ a: first === b ? (first > 0 ? first - 1 : 1) : first });
}

/** @param {Shell} shell */
function swap({ app }) {
  const { a, b } = app.store.state;
  if (a >= 0) app.store.change({ a: b, b: a });
}

/** @param {Shell} shell */
function whole({ app }) {
  const { a, b } = app.store.base;
  app.store.change({ a, b });
}

/** @type {Key[]} */
export const KEYS = [
  ...VIEWS.map(([view, name], i) => ({
    group: "Views",
    keys: [String(i + 1)],
    text: name.toLowerCase(),
    run: (/** @type {Shell} */ { app }) => app.store.change({ view }),
  })),
  { group: "Compare", keys: ["[", "]"], text: "A one dump earlier, later", run: null },
  { group: "Compare", keys: [",", "."], text: "B one dump earlier, later", run: null },
  { group: "Compare", keys: ["d"], text: "difference of A and B, or B alone", run: compare },
  { group: "Compare", keys: ["x"], text: "swap A and B", run: swap },
  { group: "Compare", keys: ["0"], text: "A and B as at the start", run: whole },
  {
    group: "What counts",
    keys: ["v"],
    text: "next value: bytes or objects, in use or allocated",
    run: stepped("sample"),
  },
  { group: "What counts", keys: ["p"], text: "all changes, grown alone, shrunk alone", run: stepped("part") },
  {
    group: "What counts",
    keys: ["%"],
    text: "relative: shares of each side’s total",
    run: toggled("relative", "relative"),
  },
  {
    group: "What counts",
    keys: ["m"],
    text: "allocator frames shown or not",
    run: toggled("allocator", "allocator frames"),
  },
  {
    group: "What counts",
    keys: ["r"],
    text: "runtime frames one by one or in one",
    run: toggled("runtime", "runtime frames"),
  },
  { group: "What counts", keys: ["t"], text: "threads as roots", run: toggled("byThread", "threads as roots") },
  { group: "Picture", keys: ["i"], text: "icicle (root at the top) or flame (at the bottom)", run: stepped("shape") },
  {
    group: "Picture",
    keys: ["u"],
    text: "inverted: from the allocation outwards",
    run: toggled("inverted", "inverted"),
  },
  { group: "Picture", keys: ["o"], text: "next colours", run: stepped("color") },
  {
    group: "Find",
    keys: ["/"],
    text: "search the graph, or filter the table (also Ctrl-F; again for the browser’s own)",
    run: ({ search }) => void search(),
  },
  {
    group: "Find",
    keys: ["Escape"],
    text: "close, else clear the search, else zoom out",
    run: ({ escape }) => escape(),
  },
  {
    group: "Find",
    keys: ["g"],
    text: "into the graph or table; arrows move in it, Enter opens",
    run: ({ focusView }) => focusView(),
  },
  { group: "Page", keys: ["e"], text: "export what is shown", run: ({ exportMenu }) => exportMenu() },
  { group: "Page", keys: ["?"], text: "these keys", run: ({ help }) => help() },
  { group: "In the flame graph", keys: ["↑", "↓", "←", "→"], text: "to callers, callees, neighbours", run: null },
  { group: "In the flame graph", keys: ["Enter"], text: "zoom to the frame", run: null },
  { group: "In the flame graph", keys: ["Backspace"], text: "zoom out to the caller", run: null },
  { group: "In the flame graph", keys: ["c"], text: "copy the stack", run: null },
  {
    group: "In the flame graph",
    keys: ["Shift-F10"],
    text: "menu: focus, ignore, hide, show from, callers",
    run: null,
  },
  { group: "On the chart", keys: ["← →", "PgUp", "PgDn"], text: "move the mark that has the focus", run: null },
];

/** @type {Record<string, (shell: Shell) => void>} */
const PAIRS = { "[": moved("a", -1), "]": moved("a", 1), ",": moved("b", -1), ".": moved("b", 1) };

/** What a key does, null for nothing. @param {string} key */
export function actionOf(key) {
  return PAIRS[key] ?? KEYS.find((entry) => entry.run && entry.keys.includes(key))?.run ?? null;
}

/** True where typing goes: keys have their own meaning there. @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof Element)) return false;
  return target.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button])");
}

/** Listens to all keys. @param {Shell} shell */
export function listenToKeys(shell) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const command = event.ctrlKey || event.metaKey;
    const typing = isTyping(event.target);
    if (command && event.key.toLowerCase() === "f" && !typing && !event.altKey && !event.shiftKey) {
      // Where there is nothing of its own to search, the browser's search is as good.
      if (shell.search()) event.preventDefault();
      return;
    }
    if (command || event.altKey || (typing && event.key !== "Escape")) return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const action = actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    action(shell);
  });
}

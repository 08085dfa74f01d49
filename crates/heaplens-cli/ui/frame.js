// What stands around the views: title, warnings, tabs.

import { programOfProcess } from "./courses.js";
import { button, html, shortened, together } from "./dom.js";
import { VIEWS } from "./keys.js";
import { grouped } from "./model.js";
import { programOf } from "./program.js";
import { counted, durationText } from "./rate.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Index} Index */

/** Warnings that are told. */
const MOST_WARNINGS = 50;
/** In characters. */
const LONGEST_WARNING = 600;

/**
 * What the page is of, in a few words.
 * @param {Index} index @param {import("./times.js").Clock} clock @returns {string[]}
 */
export function subjectOf(index, clock) {
  const { captures, sites, is_redacted } = index;
  const count = captures.length;
  const program = programOf(index);
  // Of a series the time that is looked at: that of the program that was judged, and of what can be trusted.
  const { processes, own, dumps } = processesOf(index);
  const whole = own.filter((i) => captures[i].run >= 0 || captures[i].left_out === "");
  const timed = whole.length > 0 ? whole : own;
  const [first, last] = [timed[0] ?? 0, timed[timed.length - 1] ?? 0];
  const when =
    count === 0 || !clock.isDate
      ? ""
      : first !== last
        ? `${rangeOfTimes(clock.date(first), clock.date(last))} (${durationText(clock.position(last) - clock.position(first))})`
        : clock.date(last);
  const hosts = [...new Set(processes.map(({ host }) => host).filter(Boolean))];
  const names = captures.map((_, i) => clock.short(i));
  return [
    index.title.includes(program) ? "" : program,
    processes.length > 1 ? counted(processes.length, "process", "processes") : "",
    processes.length === 1 && processes[0].pid !== null ? `pid ${processes[0].pid}` : "",
    hosts.length > 1 ? `on ${hosts.length} hosts` : hosts.length === 1 ? `on ${hosts[0]}` : "",
    count <= 2 && count > 0 ? names.join(" → ") : dumps,
    when,
    `${grouped(sites.stack.length)} stacks`,
    is_redacted ? "redacted" : "",
  ].filter(Boolean);
}

/**
 * The processes of the program that was judged (else of all), the captures that are of these or of nobody that is known,
 * and how many dumps there are in words.
 * @param {Index} index
 */
function processesOf({ captures, processes = [] }) {
  const judged = captures.find(({ run }) => run === 0)?.process ?? -1;
  const isOwn = processes.map(({ exe }) => judged < 0 || exe === processes[judged].exe);
  const own = captures.flatMap(({ process }, i) => (process === undefined || process < 0 || isOwn[process] ? [i] : []));
  const others = captures.length - own.length;
  const programs = [...new Set(processes.filter((_, i) => !isOwn[i]).map(programOfProcess))];
  const of = programs.length > 1 ? "other programs" : programs[0] || "another program";
  // Rows that are alike may be one process or several: what cannot be told is not counted.
  const known = new Map(processes.filter((_, i) => isOwn[i]).map((row) => [`${row.pid} ${row.start} ${row.host}`, row]));
  return {
    processes: [...known.values()],
    own,
    dumps: `${counted(captures.length, "dump")}${others > 0 ? `, ${others} of ${of}` : ""}`,
  };
}

/** Two times with what they have in common said once. @param {string} from @param {string} to */
function rangeOfTimes(from, to) {
  const [, day, clock, zone] = from.match(/^([^,]+, )(\S+)( .*)?$/) ?? [];
  if (!day || !to.startsWith(day) || !to.endsWith(zone ?? "")) return `${from} – ${to}`;
  return `${day}${clock} – ${to.slice(day.length)}`;
}

/** Warnings of the whole and of captures, each once. @param {Index} index @returns {string[]} */
export function warningsOf({ warnings, captures }) {
  /** @type {Map<string, string[]>} */
  const found = new Map(warnings.map((warning) => [warning, []]));
  for (const capture of captures) {
    for (const warning of capture.warnings) {
      const names = found.get(warning);
      if (names) names.push(capture.name);
      else found.set(warning, [capture.name]);
    }
  }
  return [...found].map(([warning, names]) => {
    if (names.length === 0 || captures.length === 1) return warning;
    return names.length === 1 ? `${names[0]}: ${warning}` : `${warning} (${names.length} dumps)`;
  });
}

/** @param {App} app @param {{exportMenu: () => void, help: () => void}} acts */
export function pageHead(app, acts) {
  const { index, store } = app;
  const links = VIEWS.map(([view, name], i) => {
    const link = html("a", { href: "#", title: `${name} (${i + 1})` }, name);
    link.addEventListener("click", (event) => {
      // With a key held the browser opens it elsewhere.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      store.change({ view });
    });
    return { view, link };
  });
  const nav = html("nav", { "aria-label": "views" }, ...links.map(({ link }) => link));
  const exportButton = button("Export ▾", acts.exportMenu, {
    "aria-haspopup": "menu",
    title: "save what is shown (e)",
  });
  const buttons = html(
    "div",
    { class: "headbuttons" },
    exportButton,
    button("Keys ?", acts.help, { title: "all keys (?)" }),
  );
  const warnings = warningsOf(index);
  const element = html(
    "header",
    { class: "top" },
    html(
      "div",
      { class: "title" },
      html("h1", {}, shortened(index.title || "heaplens", 120)),
      html("p", { class: "muted" }, together(subjectOf(index, app.clock).join(" · "))),
    ),
    // Who gets the page sees no command line.
    index.filters.length > 0 &&
      html("p", { class: "warning" }, shortened(`Only stacks of ${index.filters.join(" ")}`, LONGEST_WARNING)),
    warnings.length > 0 && warningBox(warnings),
    html("div", { class: "tabs" }, nav, buttons),
  );
  return {
    element,
    exportButton,
    /** @param {State} state */
    show(state) {
      for (const { view, link } of links) {
        link.setAttribute("href", store.link({ view, sort: "", filter: "" }));
        if (view === state.view) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      // The tab in use may be beyond the edge of a narrow window.
      const current = nav.querySelector("[aria-current]");
      if (current instanceof HTMLElement && nav.scrollWidth > nav.clientWidth)
        nav.scrollLeft = current.offsetLeft - nav.clientWidth / 3;
    },
  };
}

/** @param {string[]} warnings */
function warningBox(warnings) {
  const items = warnings.slice(0, MOST_WARNINGS).map((warning) => html("li", {}, shortened(warning, LONGEST_WARNING)));
  if (warnings.length > MOST_WARNINGS) items.push(html("li", {}, `and ${warnings.length - MOST_WARNINGS} more`));
  if (warnings.length === 1) return html("p", { class: "warning" }, `⚠ ${shortened(warnings[0], LONGEST_WARNING)}`);
  return html(
    "details",
    { class: "warning" },
    html("summary", {}, `⚠ ${counted(warnings.length, "warning")}`),
    html("ul", {}, ...items),
  );
}

// What stands around the views: title, warnings, tabs.

import { button, html, shortened } from "./dom.js";
import { VIEWS } from "./keys.js";
import { grouped } from "./model.js";
import { programOf } from "./program.js";
import { counted, durationText } from "./rate.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Index} Index */

/** Warnings that are told. */
const MOST_WARNINGS = 50;

/**
 * What the page is of, in a few words.
 * @param {Index} index @param {import("./times.js").Clock} clock @returns {string[]}
 */
export function subjectOf(index, clock) {
  const { captures, sites, leaks, is_redacted } = index;
  const run = leaks?.runs?.[0];
  const count = captures.length;
  const program = programOf(index);
  const last = count - 1;
  const when =
    count === 0
      ? ""
      : clock.unit === "number"
        ? ""
        : clock.isDate && last > 0
          ? `${rangeOfTimes(clock.long(0), clock.long(last))} (${durationText(clock.position(last) - clock.position(0))})`
          : clock.isDate
            ? clock.long(last)
            : "";
  return [
    index.title.includes(program) ? "" : program,
    run?.pid ? `pid ${run.pid}` : "",
    run?.host ? `on ${run.host}` : "",
    counted(count, "dump"),
    when,
    `${grouped(sites.stack.length)} stacks`,
    is_redacted ? "redacted" : "",
  ].filter(Boolean);
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
      html("p", { class: "muted" }, subjectOf(index, app.clock).join(" · ")),
    ),
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
  const items = warnings.slice(0, MOST_WARNINGS).map((warning) => html("li", {}, shortened(warning, 600)));
  if (warnings.length > MOST_WARNINGS) items.push(html("li", {}, `and ${warnings.length - MOST_WARNINGS} more`));
  if (warnings.length === 1) return html("p", { class: "warning" }, `⚠ ${shortened(warnings[0], 600)}`);
  return html(
    "details",
    { class: "warning" },
    html("summary", {}, `⚠ ${counted(warnings.length, "warning")}`),
    html("ul", {}, ...items),
  );
}

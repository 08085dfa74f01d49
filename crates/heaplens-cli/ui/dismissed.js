// What was looked at and dismissed, and captures that were left out.

import { html, shortened } from "./dom.js";
import { amount, grouped, signed } from "./model.js";
import { counted } from "./rate.js";
import {
  decidersOf,
  dismissalOf,
  filteredOutText,
  groundsOf,
  isFilteredOut,
  LABELS,
  leftOutOf,
  programOfRun,
} from "./verdict.js";

/** Names of captures that are told where many were left out for one reason. */
const MOST_NAMED = 3;

/** What another run's verdict is called. @type {Record<string, string>} */
const OTHER_RUNS = { leak: "leaks as well", "no-leak": "no leak" };

/**
 * What a run was judged on, and what was dismissed.
 * @param {any} run @param {number} number @param {any[]} runs all, the verdict's first
 */
export function runSection(run, number, runs) {
  const section = html("section", { class: "run" });
  const looked = run.verdict === "inconclusive" ? "Looked at so far" : "Looked at and dismissed";
  const other = programOfRun(run) === programOfRun(runs[0]) ? "run" : "program";
  const outcome = isFilteredOut(run) ? filteredOutText(1) : (OTHER_RUNS[run.verdict] ?? "too little to judge");
  const title = number === 0 ? looked : `Another ${other}: ${outcome}`;
  section.append(
    html("h2", {}, title),
    html("p", { class: "muted" }, `${runs.length > 1 ? "This run: " : ""}${groundsOf(run).join("; ")}.`),
  );
  for (const way of decidersOf(run)) section.append(html("p", {}, way));
  if (run.dismissed.length > 0) section.append(dismissedTable(run.dismissed));
  return section;
}

/** @param {any[]} dismissed */
function dismissedTable(dismissed) {
  const head = html(
    "tr",
    {},
    ...["label", "what it does", "stacks", "live", "grew most"].map((title) => html("th", { scope: "col" }, title)),
  );
  const rows = dismissed.map((group) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, LABELS[group.label] ?? group.label),
      html("td", {}, dismissalOf(group.label)),
      html("td", { class: "number" }, grouped(group.count)),
      html("td", { class: "number" }, amount(group.live, true)),
      html("td", {}, examples(group.examples)),
    ),
  );
  return html(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "what was dismissed" },
    html("table", { class: "plain dismissed" }, html("thead", {}, head), html("tbody", {}, ...rows)),
  );
}

/** @param {{name: string, growth: number}[]} list */
function examples(list) {
  return html(
    "ul",
    { class: "examples" },
    ...list.map(({ name, growth }) =>
      html(
        "li",
        {},
        html("span", { class: "fn", title: name.slice(0, 2000) }, shortened(name, 120)),
        ` ${signed(growth, true)}`,
      ),
    ),
  );
}

/** @param {any} leaks */
export function leftOutSection(leaks) {
  const reasons = leftOutOf(leaks);
  if (reasons.length === 0) return [];
  const items = reasons.map(({ why, names }) => {
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
    return html(
      "li",
      {},
      html(
        "span",
        { class: "fn" },
        names
          .slice(0, MOST_NAMED)
          .map((name) => shortened(name, 120))
          .join(", "),
      ),
      `${more}: ${why}`,
    );
  });
  return [
    html(
      "section",
      { class: "run" },
      html("h2", {}, `Left out: ${counted(leaks.left_out.length, "dump")}`),
      html("ul", {}, ...items),
    ),
  ];
}

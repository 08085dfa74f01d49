// What leaks or may leak.

import { functionCell, shortPlaces } from "./cells.js";
import { csvOf } from "./csv.js";
import { leftOutSection, runSection } from "./dismissed.js";
import { html, shortened } from "./dom.js";
import { amount, signed } from "./model.js";
import { counted, rateRange, rateText } from "./rate.js";
import { sparkline } from "./spark.js";
import { dataTable } from "./table.js";
import { functionMenu } from "./topview.js";
import {
  culpritCrate,
  GROWTH_HINT,
  hasTimes,
  isOfFunctions,
  LABELS,
  printedJudgement,
  shareText,
  sinceOf,
  verdictOf,
} from "./verdict.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page */
/** @typedef {{culprit: any, run: any, rank: number}} Suspect */

/** When a capture of a run was made. @param {App} app @param {any} run */
export function whenOf(app, run) {
  return (/** @type {number} */ capture) => {
    const place = run.places?.[capture];
    return app.index.captures[place] ? app.clock.short(place) : `dump ${capture + 1}`;
  };
}

/** Each run's suspects, those of the verdict's run first. @param {any} leaks @returns {Suspect[]} */
export function suspectsOf(leaks) {
  return (leaks?.runs ?? []).flatMap((/** @type {any} */ run) =>
    run.culprits.map((/** @type {any} */ culprit, /** @type {number} */ i) => ({ culprit, run, rank: i + 1 })),
  );
}

/** @param {App} app @returns {import("./order.js").Column<Suspect>[]} */
function suspectColumns(app) {
  const rate = (/** @type {Suspect} */ { culprit, run }) => rateText(culprit.rate.value, hasTimes(run));
  return [
    {
      key: "score",
      title: "surely",
      hint: "a rate that it surely has; suspects are ranked by it",
      kind: "number",
      width: "8rem",
      text: ({ culprit, run }) => `≥ ${rateText(culprit.score, hasTimes(run))}`,
      sort: ({ culprit }) => culprit.score,
    },
    {
      key: "rate",
      title: "rate",
      kind: "number",
      width: "7.5rem",
      text: rate,
      sort: ({ culprit }) => culprit.rate.value,
    },
    {
      key: "range",
      title: "95 % of rate",
      kind: "number",
      width: "10.5rem",
      text: ({ culprit, run }) => rateRange(culprit.rate, hasTimes(run)),
      wide: true,
    },
    {
      key: "history",
      title: "history",
      kind: "text",
      width: "9.5rem",
      text: () => "",
      cell: ({ culprit }) => [sparkline(culprit.history, historyText(culprit.history))],
    },
    {
      key: "live",
      title: "live",
      hint: "in the last dump",
      kind: "number",
      width: "6.5rem",
      text: ({ culprit }) => amount(culprit.live.value, true),
      sort: ({ culprit }) => culprit.live.value,
      wide: true,
    },
    {
      key: "growth",
      title: "grew",
      hint: GROWTH_HINT,
      kind: "number",
      width: "6.8rem",
      text: ({ culprit }) => signed(culprit.growth, true),
      sort: ({ culprit }) => culprit.growth,
      wide: true,
    },
    {
      key: "share",
      title: "of growth",
      kind: "number",
      width: "6.5rem",
      text: ({ culprit }) => shareText(culprit.share_of_growth),
      sort: ({ culprit }) => culprit.share_of_growth ?? 0,
      part: ({ culprit }) => culprit.share_of_growth ?? 0,
      wide: true,
    },
    {
      key: "label",
      title: "label",
      kind: "text",
      width: "11rem",
      text: ({ culprit }) => LABELS[culprit.label] ?? culprit.label,
      sort: ({ culprit }) => culprit.label,
      wide: true,
    },
    {
      key: "since",
      title: "since",
      kind: "text",
      width: "minmax(8.5rem, 1fr)",
      text: ({ culprit, run }) => sinceOf(culprit, run, whenOf(app, run)),
      sort: ({ culprit }) => culprit.since,
      wide: true,
    },
    {
      key: "name",
      title: "function",
      kind: "name",
      width: "minmax(14rem, 1fr)",
      text: ({ culprit }) => culprit.name,
      cell: ({ culprit }) =>
        functionCell(culprit.name, culprit.location ?? "", culpritCrate(culprit), isOfFunctions(app.index)),
      sort: ({ culprit }) => culprit.name,
    },
  ];
}

/** @param {number[]} history */
export function historyText(history) {
  const last = history.length - 1;
  return last < 0
    ? "no history"
    : `from ${amount(history[0], true)} to ${amount(history[last], true)} in ${counted(history.length, "dump")}`;
}

const NO_SERIES =
  "Suspects are told from a series: give eight or more dumps of one program, over the time in which its memory grows.";

/** Why an inconclusive run has no suspect; of a series without a leak the sentence itself says so. */
const NONE_YET = "Nothing is sure to grow, as yet.";

/** @param {App} app @returns {Page} */
export function suspectsPage(app) {
  const { store, index } = app;
  const { leaks } = index;
  const element = html("section", { class: "view suspects", "aria-label": "suspects" });
  const table = dataTable({
    label: "suspects",
    columns: suspectColumns(app),
    order: "-score",
    isTall: true,
    nothing: "",
    filterText: ({ culprit }) => `${culprit.name} ${culprit.location ?? ""} ${culprit.label} ${culpritCrate(culprit)}`,
    onState: (change, how) => store.change(change, how),
    ...(isOfFunctions(index) && {
      onOpen: ({ culprit }) => store.change({ view: "callers", fn: culprit.name }),
      onMenu: ({ culprit }, x, y) => functionMenu(app, culprit.name, x, y),
    }),
  });
  const suspects = suspectsOf(leaks);
  if (!leaks) {
    element.append(html("p", { class: "note" }, NO_SERIES));
  } else {
    const { word, sentence } = verdictOf(leaks);
    element.append(
      html("p", { class: "summary" }, html("strong", {}, `${word}: `), shortened(shortPlaces(leaks, sentence), 400)),
      suspects.length > 0
        ? table.element
        : leaks.verdict === "inconclusive"
          ? html("p", { class: "muted" }, NONE_YET)
          : "",
      ...leaks.runs.map((/** @type {any} */ run, /** @type {number} */ i) => runSection(run, i, leaks.runs)),
      ...leftOutSection(leaks),
    );
  }

  const fields = () => {
    /** @type {import("./csv.js").Field<Suspect>[]} */
    const list = [
      { name: "function", value: ({ culprit }) => culprit.name },
      { name: "location", value: ({ culprit }) => culprit.location },
      { name: "crate", value: ({ culprit }) => culpritCrate(culprit) },
      { name: "label", value: ({ culprit }) => culprit.label },
      { name: "score", value: ({ culprit }) => culprit.score },
      { name: "rate", value: ({ culprit }) => culprit.rate.value },
      { name: "rate_low", value: ({ culprit }) => culprit.rate.low },
      { name: "rate_high", value: ({ culprit }) => culprit.rate.high },
      { name: "growth", value: ({ culprit }) => culprit.growth },
      { name: "live", value: ({ culprit }) => culprit.live.value },
      { name: "live_low", value: ({ culprit }) => culprit.live.interval[0] },
      { name: "live_high", value: ({ culprit }) => culprit.live.interval[1] },
      { name: "objects", value: ({ culprit }) => culprit.live.objects },
      { name: "since", value: ({ culprit }) => culprit.since },
    ];
    return list;
  };

  return {
    element,
    show: (state) => {
      if (leaks) table.update({ rows: suspects, sort: state.sort, filter: state.filter });
    },
    focus: table.focus,
    exports: () =>
      leaks
        ? [
            {
              label: "CSV of these rows",
              extension: "csv",
              type: "text/csv",
              make: async () => csvOf(fields(), table.shown()),
            },
            {
              label: "JSON of the judgement",
              extension: "json",
              type: "application/json",
              make: async () => `${JSON.stringify(printedJudgement(leaks), null, 2)}\n`,
            },
          ]
        : [],
  };
}

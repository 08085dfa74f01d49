// The first screen of a series: the verdict and what it rests on.

import { barRow, headline, listBlock, MOST_NAMED_FIRST, nextBlock } from "./blocks.js";
import { shortPlace, shortPlaces } from "./cells.js";
import { exactly } from "./choose.js";
import { breakable, html, shortened, together } from "./dom.js";
import { amount, signed } from "./model.js";
import { counted, rateText } from "./rate.js";
import { sparkline } from "./spark.js";
import { LONGEST_IN_LINK, judgedRun } from "./state.js";
import { historyText, whenOf } from "./suspects.js";
import {
  culpritCrate,
  decidersOf,
  dismissalOf,
  factsOf,
  groundsOf,
  hasTimes,
  isOfFunctions,
  labelText,
  leftOutOf,
  otherRunsOf,
  LABELS,
  OWNERS,
  unseenOf,
  verdictOf,
} from "./verdict.js";

/** @typedef {import("./app.js").App} App @typedef {import("./verdict.js").Fact} Fact */
/** @typedef {import("./blocks.js").Parts} Parts @typedef {import("./blocks.js").Step} Step */

/** The verdict on a series. @param {App} app @returns {Parts} */
export function judgedParts(app) {
  const leaks = /** @type {any} */ (app.index.leaks);
  const { verdict, word, sentence } = verdictOf(leaks);
  const run = leaks.runs[0];
  const [first, ...others] = leaks.culprits;
  const short = shortPlaces(leaks, sentence);
  const parts = [headline(verdict, word, verdict === "leak" ? short : capitalised(short), leaks.sentence)];
  if (first) parts.push(culpritCard(app, first, run));
  const ways = verdict === "inconclusive" ? decidersOf(run) : [];
  if (ways.length > 0) parts.push(listBlock("What would decide it", ways));
  // Where nothing is left to judge, what mends that comes first.
  const left = leftOutOf(leaks).map(
    ({ why, names }) => `${counted(names.length, "dump")} left out: ${shortened(why, 400)}.`,
  );
  if (!run && left.length > 0) parts.push(listBlock("What stands in its way", left));
  if (verdict === "no-leak") {
    const unseen = unseenOf(run);
    if (unseen) parts.push(html("p", { class: "muted" }, unseen));
  }
  parts.push(nextBlock(judgedSteps(app, first, verdict)));
  const rest = [];
  if (others.length > 0) rest.push(othersBlock(app, others, run));
  if (!first && run?.dismissed.length > 0) rest.push(dismissedBlock(run, verdict));
  const runs = otherRunsOf(leaks);
  if (runs) rest.push(html("p", {}, runs));
  if (run) rest.push(...left.map((text) => html("p", {}, text)));
  if (run) rest.push(html("p", { class: "muted grounds" }, `${groundsOf(run).join("; ")}.`));
  return { first: parts, rest };
}

/** As a sentence begins; one about a leak begins with a name. @param {string} text */
const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {App} app @param {any} culprit @param {any} run */
function culpritCard(app, culprit, run) {
  const place = culprit.location ?? "";
  const crate = culpritCrate(culprit);
  const what = [place && shortPlace(place), crate, OWNERS[culprit.owner]].filter(Boolean).join(" · ");
  const label = html(
    "p",
    { class: "label" },
    html("strong", {}, LABELS[culprit.label] ?? culprit.label),
    `: ${labelText(culprit.label)}`,
  );
  const who = html(
    "div",
    { class: "who" },
    html("h3", { class: "fn" }, ...breakable(culprit.name, 240)),
    html("p", { class: "muted", title: place.slice(0, 2000) }, shortened(what, 300)),
    label,
    sparkline(culprit.history, `memory of it: ${historyText(culprit.history)}`, 280, 56),
  );
  const facts = html("div", { class: "figures" }, factList(factsOf(culprit, run, whenOf(app, run))));
  const ways = html("div", { class: "ways" }, pathBlock(culprit), callersBlock(app, culprit));
  return html("div", { class: "card culprit" }, who, facts, ways);
}

/** @param {Fact[]} facts */
function factList(facts) {
  return html(
    "dl",
    { class: "facts" },
    ...facts.map(({ name, value, more, hint }) =>
      html(
        "div",
        { title: hint ?? null },
        html("dt", {}, name),
        html(
          "dd",
          {},
          html("span", { class: "value" }, value),
          ...more.map((text) => html("span", { class: "muted" }, together(text))),
        ),
      ),
    ),
  );
}

/** Longer paths are told by their ends. */
const LONGEST_PATH = 6;

/** @param {string[]} path */
function endsOf(path) {
  if (path.length <= LONGEST_PATH) return path;
  return [...path.slice(0, 3), `… ${path.length - 5} more …`, ...path.slice(-2)];
}

/** From the culprit to the allocation. @param {any} culprit */
function pathBlock(culprit) {
  if (culprit.path.length === 0) return null;
  const steps = endsOf([culprit.name, ...culprit.path]).map((name) =>
    html("li", { title: name.slice(0, 2000) }, html("span", {}, ...breakable(name, 160))),
  );
  return html(
    "div",
    { class: "block" },
    html("h3", {}, "Allocates through"),
    html("ol", { class: "path fn" }, ...steps),
  );
}

/** @param {App} app @param {any} culprit */
function callersBlock(app, culprit) {
  if (culprit.callers.length === 0) return null;
  const opens = isOfFunctions(app.index) ? app : null;
  const rows = culprit.callers.map((/** @type {{name: string, share: number}} */ caller) =>
    barRow(opens, caller.name, "", caller.share, `${Math.round(100 * caller.share)}\u00a0%`, ""),
  );
  return html("div", { class: "block" }, html("h3", {}, "Called by"), html("ul", { class: "bars brief" }, ...rows));
}

/** @param {App} app @param {any} culprit @param {string} verdict @returns {Step[]} */
function judgedSteps(app, culprit, verdict) {
  const { store, index } = app;
  const [a, b] = judgedRun(index) ?? [0, index.captures.length - 1];
  const plain = {
    a,
    b,
    zoom: "",
    search: "",
    focus: "",
    ignore: "",
    hide: "",
    showFrom: "",
    part: /** @type {const} */ ("all"),
    byThread: false,
  };
  /** @type {Step[]} */
  const steps = [];
  const isFound = culprit && isOfFunctions(index);
  if (isFound) {
    steps.push(
      {
        text: "See its growth",
        why: "what grew in this function and in all that it calls",
        run: () => store.change({ ...plain, view: "flame", part: "grown", ...onlyOf(culprit.name) }),
      },
      {
        text: "Who calls it",
        why: "its callers and callees",
        run: () => store.change({ ...plain, view: "callers", fn: culprit.name }),
      },
    );
  }
  steps.push({
    text: "Compare first and last",
    why: "all that grew and shrank in this time",
    run: () => store.change({ ...plain, view: "flame" }),
  });
  steps.push(
    culprit
      ? {
          text: "Show suspects",
          why: "others, and what was dismissed and why",
          run: () => store.change({ view: "suspects" }),
        }
      : {
          text: "Show what grew",
          why:
            verdict === "inconclusive"
              ? "what each does over time, as far as that can be told"
              : "by what it does over time, and why it is no leak",
          run: () => store.change({ view: "suspects" }),
        },
  );
  if (isFound && index.sources.length > 0)
    steps.push({
      text: "Show the source",
      why: "its lines, with what they hold",
      run: () => store.change({ ...plain, view: "source", fn: culprit.name }),
    });
  return steps;
}

/**
 * Only the stacks with a function, which is found in them; a name that is too long for a link is searched for alone.
 * @param {string} name @returns {Partial<import("./types.js").State>}
 */
function onlyOf(name) {
  const focus = exactly(name);
  const found = { search: name, regex: false, matchCase: true };
  return focus.length <= LONGEST_IN_LINK ? { ...found, focus } : found;
}

/** @param {App} app @param {any[]} others @param {any} run */
function othersBlock(app, others, run) {
  const most = others.slice(0, MOST_NAMED_FIRST);
  const opens = isOfFunctions(app.index) ? app : null;
  const rows = most.map((culprit) =>
    barRow(
      opens,
      culprit.name,
      culprit.location ?? "",
      culprit.share_of_growth ?? 0,
      rateText(culprit.rate.value, hasTimes(run)),
      LABELS[culprit.label] ?? culprit.label,
    ),
  );
  const more = others.length - most.length;
  return html(
    "div",
    { class: "block" },
    html("h3", {}, others.length === 1 ? "One more suspect" : `${others.length} more suspects`),
    html("ul", { class: "bars net" }, ...rows),
    more > 0 && html("p", { class: "muted" }, `and ${more} more`),
  );
}

/** @param {any} run @param {string} verdict */
function dismissedBlock(run, verdict) {
  const items = run.dismissed.map((/** @type {any} */ group) => {
    const most = group.examples[0];
    const example = most ? ["; most ", ...breakable(most.name, 120), ` (${signed(most.growth, true)})`] : [];
    return html(
      "li",
      {},
      html("strong", {}, LABELS[group.label] ?? group.label),
      `, ${amount(group.live, true)}: ${dismissalOf(group.label)}`,
      ...example,
    );
  });
  return html(
    "div",
    { class: "block" },
    html("h3", {}, verdict === "inconclusive" ? "Looked at so far" : "Looked at and dismissed"),
    html("ul", { class: "list" }, ...items),
  );
}

// The first screen: what is wrong, where, how fast, how surely, and what to do next.

import { changedSentence, changeRange, chargesOf, heldSentence, isChance, ownerShares, ownSentence } from "./charge.js";
import { shortPlace } from "./cells.js";
import { breakable, button, html, shortened } from "./dom.js";
import { waitingView } from "./loading.js";
import { amount, percent, signed } from "./model.js";
import { rateText } from "./rate.js";
import { sparkline } from "./spark.js";
import { judgedRun } from "./state.js";
import { historyText, whenOf } from "./suspects.js";
import { culpritCrate, decidersOf, dismissalOf, factsOf, groundsOf, hasTimes, labelText, LABELS, OWNERS, unseenOf, verdictOf } from "./verdict.js";

/** @typedef {import("./app.js").App} App @typedef {import("./app.js").Page} Page @typedef {import("./types.js").State} State */
/** @typedef {import("./verdict.js").Fact} Fact @typedef {import("./charge.js").Charge} Charge */

/** Functions that are named on the first screen. */
const MOST_NAMED_FIRST = 5;
/** Fewer captures have no course to judge. */
const FEWEST_JUDGED = 3;

/** @param {App} app @returns {Page} */
export function answerPage(app) {
  const { index } = app;
  const body = html("div", { class: "answer" });
  const more = html("div", { class: "answer" });
  // The chart is put between what was found and what it rests on.
  const view = waitingView("answerpage", "answer", body, html("div", { class: "chartslot" }), more);
  const count = index.captures.length;
  // Less than three captures are told of as they are, whatever was made of them.
  const leaks = count < FEWEST_JUDGED ? null : index.leaks;

  const load = async (/** @type {State} */ state) => {
    if (leaks) return judged(app);
    const { before, after } = await app.work.sides(count === 1 ? { ...state, a: -1, byThread: false } : { ...state, byThread: false });
    const found = chargesOf(index, before, after);
    return before ? changed(app, state, found) : held(app, state, found);
  };

  return {
    element: view.element,
    show(state, change) {
      // A judgement is of the whole series: A and B have no part in it.
      if (leaks && change !== null && !change.has("view")) return;
      void view.wait(load(state), ({ first, rest }) => {
        body.replaceChildren(...first);
        more.replaceChildren(...rest);
      });
    },
    focus: () => /** @type {HTMLElement | null} */ (body.querySelector("button"))?.focus(),
    exports: () => leaks ? [{ label: "JSON of the judgement", extension: "json", type: "application/json", make: async () => `${JSON.stringify(leaks, null, 2)}\n` }] : [],
  };
}

/** What stands above the chart, and below it. @typedef {{first: HTMLElement[], rest: HTMLElement[]}} Parts */

/** The verdict on a series. @param {App} app @returns {Parts} */
function judged(app) {
  const leaks = /** @type {any} */ (app.index.leaks);
  const { verdict, word, sentence } = verdictOf(leaks);
  const run = leaks.runs[0];
  const [first, ...others] = leaks.culprits;
  const parts = [headline(verdict, word, sentence, leaks.sentence)];
  if (first) parts.push(culpritCard(app, first, run));
  if (verdict === "inconclusive") parts.push(listBlock("What would decide it", decidersOf(run)));
  if (verdict === "no-leak") {
    const unseen = unseenOf(run);
    if (unseen) parts.push(html("p", { class: "muted" }, unseen));
  }
  parts.push(nextBlock(judgedSteps(app, first)));
  const rest = [];
  if (others.length > 0) rest.push(othersBlock(app, others, run));
  if (!first && run?.dismissed.length > 0) rest.push(dismissedBlock(run));
  if (run) rest.push(html("p", { class: "muted grounds" }, `${groundsOf(run).join("; ")}.`));
  return { first: parts, rest };
}

/** @param {string} kind @param {string} word @param {string} sentence @param {string} copied */
function headline(kind, word, sentence, copied) {
  const copy = button("copy", () => {
    void navigator.clipboard?.writeText(copied).then(() => (copy.textContent = "copied"), () => (copy.textContent = "not allowed"));
  }, { class: "quiet", title: "copy the sentence, for a ticket" });
  return html("div", { class: `headline ${kind}` }, html("h2", {}, html("span", { class: "badge" }, word), " ", html("span", {}, shortened(sentence, 600))), copy);
}

/** @param {App} app @param {any} culprit @param {any} run */
function culpritCard(app, culprit, run) {
  const place = culprit.location ?? "";
  const crate = culpritCrate(culprit);
  const what = [place && shortPlace(place), crate, OWNERS[culprit.owner]].filter(Boolean).join(" · ");
  const label = html("p", { class: "label" }, html("strong", {}, LABELS[culprit.label] ?? culprit.label), `: ${labelText(culprit.label)}`);
  const who = html(
    "div", { class: "who" },
    html("h3", { class: "fn" }, ...breakable(culprit.name, 400)),
    html("p", { class: "muted", title: place.slice(0, 2000) }, shortened(what, 300)), label,
    sparkline(culprit.history, `memory of it: ${historyText(culprit.history)}`, 280, 56),
  );
  const facts = html("div", { class: "figures" }, factList(factsOf(culprit, run, whenOf(app, run))));
  const ways = html("div", { class: "ways" }, pathBlock(culprit), callersBlock(app, culprit));
  return html("div", { class: "card culprit" }, who, facts, ways);
}

/** @param {Fact[]} facts */
function factList(facts) {
  return html("dl", { class: "facts" }, ...facts.map(({ name, value, more }) => html(
    "div", {}, html("dt", {}, name), html("dd", {}, html("span", { class: "value" }, value), ...more.map((text) => html("span", { class: "muted" }, text))),
  )));
}

/** From the culprit to the allocation. @param {any} culprit */
function pathBlock(culprit) {
  if (culprit.path.length === 0) return null;
  const steps = [culprit.name, ...culprit.path].map((name) => html("li", { title: name.slice(0, 2000) }, html("span", {}, ...breakable(name, 160))));
  return html("div", { class: "block" }, html("h3", {}, "Allocates through"), html("ol", { class: "path fn" }, ...steps));
}

/** @param {App} app @param {any} culprit */
function callersBlock(app, culprit) {
  if (culprit.callers.length === 0) return null;
  const rows = culprit.callers.map((/** @type {{name: string, share: number}} */ caller) => barRow(app, caller.name, "", caller.share, `${Math.round(100 * caller.share)} %`, ""));
  return html("div", { class: "block" }, html("h3", {}, "Called by"), html("ul", { class: "bars brief" }, ...rows));
}

/**
 * A function with a bar: its share.
 * @param {App} app @param {string} name @param {string} place @param {number} part @param {string} value @param {string} more
 */
function barRow(app, name, place, part, value, more) {
  const bar = html("span", { class: "bar", "aria-hidden": "true" });
  bar.style.width = `${Math.max(Math.min(part, 1), 0) * 100}%`;
  const open = button("", () => app.store.change({ view: "callers", fn: name }), { class: "link fn", title: `callers and callees of ${name.slice(0, 1000)}` });
  open.append(...breakable(name, 200));
  const details = [place && shortPlace(place), more].filter(Boolean).join(" · ");
  return html("li", {}, bar, html("span", { class: "value" }, value), html("span", { class: "name" }, open), details && html("span", { class: "muted more", title: place.slice(0, 2000) }, details));
}

/** A thing to do next. @typedef {{text: string, why: string, run: () => void}} Step */

/** @param {Step[]} steps */
function nextBlock(steps) {
  return html("div", { class: "block next" }, html("h3", {}, "What to do next"), html("ul", {}, ...steps.map(({ text, why, run }, i) => html("li", {}, button(text, run, { class: i === 0 ? "main" : null }), html("span", { class: "muted" }, why)))));
}

/** @param {App} app @param {any} culprit @returns {Step[]} */
function judgedSteps(app, culprit) {
  const { store, index } = app;
  const [a, b] = judgedRun(index) ?? [0, index.captures.length - 1];
  const plain = { a, b, zoom: "", search: "", focus: "", ignore: "", hide: "", showFrom: "", part: /** @type {const} */ ("all"), byThread: false };
  /** @type {Step[]} */
  const steps = [];
  if (culprit) {
    steps.push(
      { text: "See its growth", why: "the flame graph of what grew, with this function found", run: () => store.change({ ...plain, view: "flame", part: "grown", search: culprit.name, regex: false, matchCase: true }) },
      { text: "Who calls it", why: "its callers and callees", run: () => store.change({ ...plain, view: "callers", fn: culprit.name }) },
    );
  }
  steps.push({ text: "Compare first and last", why: "all that grew and shrank in this time", run: () => store.change({ ...plain, view: "flame" }) });
  steps.push(culprit
    ? { text: "Show suspects", why: "others, and what was dismissed and why", run: () => store.change({ view: "suspects" }) }
    : { text: "Show what grew", why: "by what it does over time, and why it is no leak", run: () => store.change({ view: "suspects" }) });
  if (culprit && index.sources.length > 0) steps.push({ text: "Show the source", why: "its lines, with what they hold", run: () => store.change({ ...plain, view: "source", fn: culprit.name }) });
  return steps;
}

/** @param {App} app @param {any[]} others @param {any} run */
function othersBlock(app, others, run) {
  const most = others.slice(0, MOST_NAMED_FIRST);
  const rows = most.map((culprit) => barRow(app, culprit.name, culprit.location ?? "", culprit.share_of_growth ?? 0, rateText(culprit.rate.value, hasTimes(run)), LABELS[culprit.label] ?? culprit.label));
  const more = others.length - most.length;
  return html("div", { class: "block" }, html("h3", {}, others.length === 1 ? "One more suspect" : `${others.length} more suspects`), html("ul", { class: "bars" }, ...rows), more > 0 && html("p", { class: "muted" }, `and ${more} more`));
}

/** @param {any} run */
function dismissedBlock(run) {
  const items = run.dismissed.map((/** @type {any} */ group) => {
    const most = group.examples[0];
    const example = most ? `; most ${shortened(most.name, 120)} (${signed(most.growth, true)})` : "";
    return html("li", {}, html("strong", {}, LABELS[group.label] ?? group.label), `, ${amount(group.live, true)}: ${dismissalOf(group.label)}${example}`);
  });
  return html("div", { class: "block" }, html("h3", {}, "Looked at and dismissed"), html("ul", { class: "list" }, ...items));
}

/** @param {string} title @param {string[]} items */
function listBlock(title, items) {
  return html("div", { class: "block" }, html("h3", {}, title), html("ul", { class: "list" }, ...items.map((item) => html("li", {}, item))));
}

/** One dump: how much, where, what share. @param {App} app @param {State} state @param {ReturnType<typeof chargesOf>} found @returns {Parts} */
function held(app, state, { charges, owners, total }) {
  const capture = app.index.captures[state.b];
  const { rate } = capture;
  const sentence = heldSentence(app.index.program, total.bytes, total.objects, rate);
  const rows = charges.slice(0, MOST_NAMED_FIRST).map((charge) => barRow(app, charge.name, charge.place, charge.bytes.after / (total.bytes.after || 1), `${amount(charge.bytes.after, true)}, ${percent(charge.bytes.after, total.bytes.after)}`, changeRange({ bytes: true, diff: false, rate }, charge.bytes)));
  const { store } = app;
  const shares = ownerShares(owners, total.bytes.after);
  const first = [
    headline("held", "In use", sentence, sentence),
    html("div", { class: "card" },
      html("div", { class: "block wide" }, html("h3", {}, "Where"), html("p", { class: "muted" }, "Memory counts for the innermost function of the program that asked for it."), html("ul", { class: "bars" }, ...rows)),
      html("div", { class: "block wide" }, html("h3", {}, "Whose"), html("p", {}, ownSentence(owners, total.bytes.after)), ownerBar(shares, app))),
    nextBlock([
      { text: "See the flame graph", why: "all stacks, each as wide as what it holds", run: () => store.change({ view: "flame" }) },
      { text: "See the table", why: "all functions, by themselves and with what they call", run: () => store.change({ view: "top" }) },
      { text: "See the symbols", why: "which modules have names, and what would mend the others", run: () => store.change({ view: "modules" }) },
    ]),
  ];
  return { first, rest: [
    html("p", { class: "muted grounds" }, "One dump tells what is held, not what leaks: give a second one to see what grew, or eight and more for a verdict."),
  ] };
}

/** @param {ReturnType<typeof ownerShares>} shares @param {App} app */
function ownerBar(shares, app) {
  const { light } = app.index.palette;
  const { dark } = app.index.palette;
  const colors = (matchMedia("(prefers-color-scheme: dark)").matches ? dark : light).owner;
  const bar = html("div", { class: "ownerbar", "aria-hidden": "true" });
  const legend = html("ul", { class: "colors" });
  for (const { letter, name, part, text } of shares) {
    const color = colors["asrtp".indexOf(letter)] ?? "gray";
    const piece = html("span");
    piece.style.width = `${part * 100}%`;
    piece.style.backgroundColor = color;
    bar.append(piece);
    const swatch = html("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.backgroundColor = color;
    legend.append(html("li", {}, swatch, `${name}: ${text}`));
  }
  return html("div", {}, bar, legend);
}

/** The interval of a change; that it may be chance if it has zero in it. @param {Charge} charge @param {number | null} rate */
function rangeOrChance({ bytes }, rate) {
  const top = { bytes: true, diff: true, rate };
  return isChance(top, bytes) ? "may be chance" : changeRange(top, bytes);
}

/** Two dumps: what grew and shrank most. @param {App} app @param {State} state @param {ReturnType<typeof chargesOf>} found @returns {Parts} */
function changed(app, state, { charges, total }) {
  const { rate } = app.index.captures[state.b];
  const sentence = changedSentence(app.index.program, total.bytes, rate);
  const net = (/** @type {Charge} */ { bytes }) => bytes.after - bytes.before;
  const list = (/** @type {string} */ title, /** @type {Charge[]} */ all) => {
    const whole = all.reduce((sum, charge) => sum + Math.abs(net(charge)), 0);
    const rows = all.slice(0, MOST_NAMED_FIRST).map((charge) => barRow(app, charge.name, charge.place, Math.abs(net(charge)) / (whole || 1), signed(net(charge), true), `${amount(charge.bytes.before, true)} → ${amount(charge.bytes.after, true)}; ${rangeOrChance(charge, rate)}`));
    return html("div", { class: "block wide" }, html("h3", {}, title), rows.length > 0 ? html("ul", { class: "bars" }, ...rows) : html("p", { class: "muted" }, "nothing"));
  };
  const { store } = app;
  const verb = net({ bytes: total.bytes, name: "", place: "", owner: "", objects: total.objects }) >= 0 ? "Grew" : "Shrank";
  const first = [
    headline("changed", verb, sentence, sentence),
    html("div", { class: "card" },
      list("Grew most", charges.filter((charge) => net(charge) >= 0.5)),
      list("Shrank most", charges.filter((charge) => net(charge) <= -0.5))),
    nextBlock([
      { text: "See the difference", why: "the flame graph: as wide as what grew and shrank, red grew, blue shrank", run: () => store.change({ view: "flame", part: "all", zoom: "" }) },
      { text: "Only what grew", why: "the same without what shrank", run: () => store.change({ view: "flame", part: "grown", zoom: "" }) },
      { text: "See the table", why: "all functions, with both sides", run: () => store.change({ view: "top" }) },
    ]),
  ];
  return { first, rest: [
    html("p", { class: "muted grounds" }, "Two dumps tell what grew, not whether it goes on: eight and more, over the time in which memory grows, give a verdict."),
  ] };
}

// The first screen of one dump, and of two.

import { barRow, headline, MOST_NAMED_FIRST, nextBlock } from "./blocks.js";
import { changedSentence, changeRange, chargesOf, heldSentence, isChance, ownerShares, ownSentence } from "./charge.js";
import { html } from "./dom.js";
import { amount, percent, signed } from "./model.js";
import { ownerColor } from "./palette.js";
import { programOf } from "./program.js";
import { rateOf } from "./tree.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./charge.js").Charge} Charge */
/** @typedef {import("./blocks.js").Parts} Parts */

const ONE_DUMP =
  "One dump tells what is held, not what leaks: give a second one to see what grew, or eight and more for a verdict.";
const TWO_DUMPS =
  "Two dumps tell what grew, not whether it goes on: eight and more, over the time in which it grows, give a verdict.";

/**
 * One dump: how much, where, what share.
 * @param {App} app @param {State} state @param {ReturnType<typeof chargesOf>} found @returns {Parts}
 */
export function heldParts(app, state, { charges, owners, total }) {
  const capture = app.index.captures[state.b];
  const { rate } = capture;
  const sentence = heldSentence(programOf(app.index), total.bytes, total.objects, rate);
  const rows = charges
    .slice(0, MOST_NAMED_FIRST)
    .map((charge) =>
      barRow(
        app,
        charge.name,
        charge.place,
        charge.bytes.after / (total.bytes.after || 1),
        `${amount(charge.bytes.after, true)}, ${percent(charge.bytes.after, total.bytes.after)}`,
        changeRange({ bytes: true, diff: false, rate }, charge.bytes),
      ),
    );
  const { store } = app;
  const shares = ownerShares(owners, total.bytes.after);
  const first = [
    headline("held", "In use", sentence, sentence),
    html(
      "div",
      { class: "card" },
      html(
        "div",
        { class: "block wide" },
        html("h3", {}, "Where"),
        html("p", { class: "muted" }, "Memory counts for the innermost function of the program that asked for it."),
        html("ul", { class: "bars" }, ...rows),
      ),
      html(
        "div",
        { class: "block wide" },
        html("h3", {}, "Whose"),
        html("p", {}, ownSentence(owners, total.bytes.after)),
        ownerBar(shares, app),
      ),
    ),
    nextBlock([
      {
        text: "See the flame graph",
        why: "all stacks, each as wide as what it holds",
        run: () => store.change({ view: "flame" }),
      },
      {
        text: "See the table",
        why: "all functions, by themselves and with what they call",
        run: () => store.change({ view: "top" }),
      },
      {
        text: "See the symbols",
        why: "which modules have names, and what would mend the others",
        run: () => store.change({ view: "modules" }),
      },
    ]),
  ];
  return {
    first,
    rest: [html("p", { class: "muted grounds" }, ONE_DUMP)],
  };
}

/** @param {ReturnType<typeof ownerShares>} shares @param {App} app */
function ownerBar(shares, app) {
  const { light } = app.index.palette;
  const { dark } = app.index.palette;
  const palette = matchMedia("(prefers-color-scheme: dark)").matches ? dark : light;
  const bar = html("div", { class: "ownerbar", "aria-hidden": "true" });
  const legend = html("ul", { class: "colors" });
  for (const { letter, name, part, text } of shares) {
    const color = ownerColor(palette, letter);
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

/** Both sides of a change, and how sure it is. @param {Charge} charge @param {number | null} rate */
function sidesOf(charge, rate) {
  const sides = `${amount(charge.bytes.before, true)} → ${amount(charge.bytes.after, true)}`;
  return [sides, rangeOrChance(charge, rate)].filter(Boolean).join("; ");
}

/**
 * The interval of a change; that it may be chance if it has zero in it.
 * @param {Charge} charge @param {number | null} rate
 */
function rangeOrChance({ bytes }, rate) {
  const top = { bytes: true, diff: true, rate };
  return isChance(top, bytes) ? "may be chance" : changeRange(top, bytes);
}

/**
 * Two dumps: what grew and shrank most.
 * @param {App} app @param {State} state @param {ReturnType<typeof chargesOf>} found @returns {Parts}
 */
export function changedParts(app, state, { charges, total }) {
  const rate = rateOf(app, true, state);
  const sentence = changedSentence(programOf(app.index), total.bytes, rate);
  const net = (/** @type {Charge} */ { bytes }) => bytes.after - bytes.before;
  // One scale for both lists: little that shrank must not look like much that grew.
  const whole = charges.reduce((sum, charge) => sum + Math.abs(net(charge)), 0);
  const list = (/** @type {string} */ title, /** @type {Charge[]} */ all) => {
    const rows = all
      .slice(0, MOST_NAMED_FIRST)
      .map((charge) =>
        barRow(
          app,
          charge.name,
          charge.place,
          Math.abs(net(charge)) / (whole || 1),
          signed(net(charge), true),
          sidesOf(charge, rate),
        ),
      );
    return html(
      "div",
      { class: "block wide" },
      html("h3", {}, title),
      rows.length > 0 ? html("ul", { class: "bars net" }, ...rows) : html("p", { class: "muted" }, "nothing"),
    );
  };
  const { store } = app;
  const verb =
    net({ bytes: total.bytes, name: "", place: "", owner: "", objects: total.objects }) >= 0 ? "Grew" : "Shrank";
  const first = [
    headline("changed", verb, sentence, sentence),
    html(
      "div",
      { class: "card" },
      list(
        "Grew most",
        charges.filter((charge) => net(charge) >= 0.5),
      ),
      list(
        "Shrank most",
        charges.filter((charge) => net(charge) <= -0.5),
      ),
    ),
    nextBlock([
      {
        text: "See the difference",
        why: "the flame graph: as wide as what grew and shrank, red grew, blue shrank",
        run: () => store.change({ view: "flame", part: "all", zoom: "" }),
      },
      {
        text: "Only what grew",
        why: "the same without what shrank",
        run: () => store.change({ view: "flame", part: "grown", zoom: "" }),
      },
      { text: "See the table", why: "all functions, with both sides", run: () => store.change({ view: "top" }) },
    ]),
  ];
  return {
    first,
    rest: [html("p", { class: "muted grounds" }, TWO_DUMPS)],
  };
}

// Cells that several tables have.

import { rounded } from "./csv.js";
import { html, shortened } from "./dom.js";
import { amount, percent, signed } from "./model.js";
import { rangeText } from "./rate.js";
import { intervalOfChange } from "./top.js";

/** @typedef {import("./top.js").Top} Top */
/** @typedef {import("./top.js").TopRow} TopRow */
/** @typedef {import("./top.js").Change} Change */
/** @typedef {import("./order.js").Column<TopRow>} TopColumn @typedef {import("./csv.js").Field<TopRow>} TopField */
/** @typedef {import("./types.js").SampleType} SampleType */

/** @param {Change} change */
export const changeNet = (change) => change.after - change.before;

/** What shares are of: the total, of a difference all that grew and shrank. @param {Top} top */
export function wholeOf(top) {
  return top.diff ? top.grown + top.shrunk : top.total.after;
}

/** The end of a path that says most. @param {string} place */
export function shortPlace(place) {
  const parts = place.split("/");
  return parts.length > 3 ? parts.slice(-3).join("/") : place;
}

/** A verdict's sentence with short places. @param {any} leaks @param {string} sentence */
export function shortPlaces(leaks, sentence) {
  const places = [leaks, ...(leaks.runs ?? [])].flatMap((of) => of.culprits ?? []).map(({ location }) => location);
  return places.reduce((text, place) => (place ? text.replaceAll(place, () => shortPlace(place)) : text), sentence);
}

/**
 * A function with its place, to open unless it is not to be found.
 * @param {string} name @param {string} place @param {string} crate
 */
export function functionCell(name, place, crate, opens = true) {
  return [
    html("span", { class: opens ? "open fn" : "fn", title: name.slice(0, 2000) }, shortened(name, 300)),
    (place || crate) &&
      html(
        "span",
        { class: "muted place", title: place.slice(0, 2000) },
        ` ${shortened([shortPlace(place), crate && `[${crate}]`].filter(Boolean).join(" "), 200)}`,
      ),
  ];
}

/**
 * Columns of a table of functions, or of what else names stand for.
 * @param {Top} top @param {string} noun @returns {TopColumn[]}
 */
export function functionColumns(top, noun = "function") {
  const { bytes, diff } = top;
  const whole = wholeOf(top);
  const figure = (/** @type {Change} */ change) =>
    diff ? signed(changeNet(change), bytes) : amount(change.after, bytes);
  const other = (/** @type {Change} */ change) =>
    diff ? signed(changeNet(change), !bytes) : amount(change.after, !bytes);
  const size = (/** @type {Change} */ change) => Math.abs(changeNet(change));
  const interval = (/** @type {Change} */ change) => {
    const found = intervalOfChange(top, change);
    return found ? rangeText(found.low, found.high, diff) : "";
  };
  const own = "allocated by the function itself";
  const all = "allocated by the function and all that it calls";
  /** @type {TopColumn[]} */
  const columns = [
    {
      key: "flat",
      title: "flat",
      hint: own,
      kind: "number",
      width: "6.8rem",
      text: (row) => figure(row.flat),
      sort: (row) => changeNet(row.flat),
    },
    {
      key: "flatp",
      title: "flat %",
      hint: own,
      kind: "number",
      width: "5.6rem",
      text: (row) => percent(size(row.flat), whole),
      sort: (row) => size(row.flat),
      part: (row) => size(row.flat) / (whole || 1),
    },
    {
      key: "cum",
      title: "cum",
      hint: all,
      kind: "number",
      width: "6.8rem",
      text: (row) => figure(row.cum),
      sort: (row) => changeNet(row.cum),
    },
    {
      key: "cump",
      title: "cum %",
      hint: all,
      kind: "number",
      width: "5.6rem",
      text: (row) => percent(size(row.cum), whole),
      sort: (row) => size(row.cum),
      part: (row) => size(row.cum) / (whole || 1),
    },
  ];
  if (diff) {
    columns.push(
      {
        key: "from",
        title: "cum in A",
        hint: `${all}, in A`,
        kind: "number",
        width: "6.2rem",
        text: (row) => amount(row.cum.before, bytes),
        sort: (row) => row.cum.before,
        wide: true,
      },
      {
        key: "to",
        title: "cum in B",
        hint: `${all}, in B`,
        kind: "number",
        width: "6.2rem",
        text: (row) => amount(row.cum.after, bytes),
        sort: (row) => row.cum.after,
        wide: true,
      },
    );
  }
  if (bytes && top.rate !== null && top.rate > 1) {
    columns.push({
      key: "range",
      title: "95 % of cum",
      hint: "where the true figure lies, 19 times of 20",
      kind: "number",
      width: diff ? "13rem" : "8.6rem",
      text: (row) => interval(row.cum),
      wide: true,
    });
  }
  if (top.objects) {
    columns.push({
      key: "other",
      title: bytes ? "objects" : "bytes",
      hint: "of cum",
      kind: "number",
      width: "7.2rem",
      text: (row) => other(row.cumOther).replace(/ objects?$/, ""),
      sort: (row) => changeNet(row.cumOther),
      wide: true,
    });
  }
  columns.push({
    key: "name",
    title: noun,
    kind: "name",
    width: "minmax(12rem, 1fr)",
    text: (row) => row.name,
    cell: (row) => functionCell(row.name, row.place, row.crate),
    sort: (row) => row.name,
  });
  return columns;
}

/** What a filter looks at. @param {TopRow} row */
export const functionText = (row) => `${row.name} ${row.place} ${row.crate} ${row.module}`;

/** The columns of `heaplens top --format csv`. @param {Top} top @param {SampleType} sample @returns {TopField[]} */
export function functionFields(top, sample) {
  /** @type {TopField[]} */
  const fields = [];
  const counterpart = sample.replace(/space|objects/, (kind) => (kind === "space" ? "objects" : "space"));
  for (const prefix of /** @type {const} */ (["flat", "cum"])) {
    const add = (
      /** @type {string} */ name,
      /** @type {(row: TopRow) => Change} */ of,
      /** @type {boolean} */ isBytes,
    ) => {
      fields.push({ name, value: (row) => rounded(changeNet(of(row))) });
      if (top.diff) {
        fields.push(
          { name: `${name}_from`, value: (row) => rounded(of(row).before) },
          { name: `${name}_to`, value: (row) => rounded(of(row).after) },
        );
      }
      if (!isBytes || top.rate === null) return;
      const end = (/** @type {"low" | "high"} */ which) => (/** @type {TopRow} */ row) => {
        const interval = intervalOfChange({ ...top, bytes: true }, of(row));
        return interval ? rounded(interval[which]) : null;
      };
      fields.push({ name: `${name}_low`, value: end("low") }, { name: `${name}_high`, value: end("high") });
    };
    add(`${prefix}_${sample}`, (row) => row[prefix], top.bytes);
    if (top.objects && top.bytes) add(`${prefix}_${counterpart}`, (row) => row[`${prefix}Other`], false);
  }
  fields.push(
    { name: "function", value: (row) => row.name },
    { name: "location", value: (row) => row.place },
    { name: "module", value: (row) => row.module },
  );
  return fields;
}

/**
 * The document of `heaplens top --format json` (docs/json.md), of these rows.
 * The page does not know all that the program does: a warning has no code, a module no word of whether it is deleted.
 * @param {import("./types.js").Index} index @param {Top} top @param {SampleType} sample @param {TopRow[]} rows
 */
export function functionDocument(index, top, sample, rows) {
  const figure = (/** @type {Change} */ change, /** @type {Change} */ other) => {
    const interval = intervalOfChange(top, change);
    return {
      value: rounded(changeNet(change)),
      ...(top.diff ? { from: rounded(change.before), to: rounded(change.after) } : {}),
      ...(top.objects && top.bytes ? { objects: rounded(changeNet(other)) } : {}),
      ...(interval ? { interval: [rounded(interval.low), rounded(interval.high)] } : {}),
    };
  };
  const ofCaptures = index.captures.flatMap(({ name, warnings }) => warnings.map((warning) => `${name}: ${warning}`));
  const messages = new Set([...index.warnings, ...ofCaptures]);
  const document = {
    schema: "heaplens",
    version: 1,
    kind: top.diff ? "difference" : "profile",
    sample_type: sample,
    unit: top.bytes ? "bytes" : "objects",
    rate: top.rate,
    total: figure(top.total, top.totalOther),
    modules: index.modules.map(({ path, build_id, state }) => ({ path, build_id: build_id || null, symbols: state })),
    warnings: [...messages].map((message) => ({ message })),
    functions: rows.map((row) => ({
      name: row.name,
      location: row.place || null,
      module: row.module || null,
      flat: figure(row.flat, row.flatOther),
      cum: figure(row.cum, row.cumOther),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE, indexOf, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const { crateColor } = await load("crates.js");
const { frameLabel } = await load("label.js");
const { legendOf, paintOf } = await load("palette.js");
const { codeOf } = await load("code.js");
const { changeStep } = await load("model.js");
const { modelOf } = await load("tree.js");
const { boxLines, isUnsure, stackText } = await load("tooltip.js");
const { foundIn, foundText } = await load("search.js");

test("crates have hues of their own, the same in the next report", () => {
  const names = Array.from({ length: 24 }, (_, i) => `crate${i}::f`);
  const colorsOf = (of) => {
    const code = codeOf(indexOf(of.map((name) => [name])));
    return of.map((name) => crateColor(code, name.split("::")[0], code.index.palette.light));
  };
  const all = colorsOf(names);
  assert.equal(new Set(all.map((color) => color.split("of")[0])).size, 24);
  assert.deepEqual(colorsOf([...names].reverse()).reverse(), all);
  assert.equal(colorsOf(Array.from({ length: 100 }, (_, i) => `c${i}::f`)).length, 100);
});

test("a label keeps the end of a path", () => {
  assert.equal(frameLabel("tokio::runtime::task::poll", 40), "tokio::runtime::task::poll");
  assert.equal(frameLabel("tokio::runtime::task::poll", 12), "task::poll");
  assert.equal(frameLabel("tokio::runtime::task::poll", 4), "poll");
  assert.equal(frameLabel("tokio::runtime::task::poll", 3), "po…");
  assert.equal(
    frameLabel("std::vector<std::string>::push_back(std::string const&)", 30),
    "push_back(std::string const&)",
  );
  assert.equal(frameLabel("<a::B as c::D>::run", 8), "run");
  assert.equal(frameLabel("std::thread::spawn::{closure}::{closure}", 30), "spawn::{closure}::{closure}");
  assert.equal(frameLabel("std::panicking::do_call::<isize, x::Y>", 20), "do_call::<isize, x:…");
  assert.equal(frameLabel("a::operator->(x)", 14), "operator->(x)");
  assert.equal(frameLabel("a::operator<<(x)", 8), "a::oper…");
  assert.equal(frameLabel("main", 2), "");
  assert.equal(frameLabel("x".repeat(65536), 5), "xxxx…");
});

const code = codeOf(
  indexOf([
    ["m::main@m.c:3", "t::f@f.c:4", "t::g"],
    ["m::main@m.c:3", "h"],
  ]),
);

test("frames are painted by what is asked for", () => {
  const { light } = code.index.palette;
  const [a, b] = [
    valuesOf([
      [0, 10, 1],
      [1, 10, 1],
    ]),
    valuesOf([
      [0, 30, 1],
      [1, 4, 1],
    ]),
  ];
  const graph = modelOf(code, a, b, { ...STATE, a: 0, b: 1 });
  const colors = (by, of = graph) => Array.from({ length: of.count }, (_, i) => paintOf(of, light, by)(i));
  // all, main, h, f, g
  assert.deepEqual(colors("change"), ["#c14", "#c14", "#c5", "#c16", "#c16"]);
  assert.deepEqual(colors("name", modelOf(code, null, b, STATE)), colors("change", modelOf(code, null, b, STATE)));
  assert.deepEqual(
    colors("owner").map((c) => c.slice(0, 2)),
    ["#m", "#o", "#o", "#o", "#o"],
  );
  assert.deepEqual(colors("crate")[2], "#m");
  // What has no name is nobody's.
  const nameless = codeOf({ ...code.index, functions: { ...code.index.functions, owner: "u".repeat(code.index.functions.owner.length) } });
  const unknown = modelOf(nameless, a, b, { ...STATE, a: 0, b: 1 });
  assert.deepEqual([...new Set(colors("owner", unknown))], ["#m"]);
  assert.equal(legendOf(unknown, light, "owner").at(-1).text, "not known: no names of functions");
  assert.equal(legendOf(graph, light, "owner").length, 5);
  assert.equal(colors("crate")[3], crateColor(code, "t", light));
  assert.equal(changeStep(-0.4, 10), 0);
  assert.equal(changeStep(-3, 8), -3);
  assert.deepEqual(
    legendOf(graph, light, "crate").map(({ text }) => text),
    ["t", "m", "no crate"],
  );
  assert.equal(legendOf(graph, light, "change").length, 3);
  assert.equal(legendOf(modelOf(code, null, b, STATE), light, "change").length, 0);
});

test("the box tells the figures and how sure they are", () => {
  const sampled = codeOf({ ...code.index, captures: code.index.captures.map((c) => ({ ...c, rate: 10 })) });
  const values = valuesOf([
    [0, 100, 3],
    [1, 20, 1],
  ]);
  const graph = modelOf(sampled, null, values, STATE);
  const text = (graph, node) =>
    boxLines(graph, { node, row: 0, x: 0, width: 0, parts: null, ancestor: false }).map(([, t]) => t);
  assert.ok(text(graph, 2)[0] === "h" && isUnsure(graph, 2) && !isUnsure(graph, 1));
  assert.match(text(graph, 2).at(-1), /about 2 samples: hatched/);
  assert.match(text(graph, 1).at(-1), /^about 12 samples$/);
  assert.equal(stackText(graph, 4), "t::g\nt::f (f.c:4)\nm::main (m.c:3)");
  const inverted = modelOf(sampled, null, values, { ...STATE, inverted: true });
  const deepest = Array.from(inverted.doc.depth).indexOf(3);
  assert.equal(stackText(inverted, deepest), stackText(graph, 4));
  const relative = modelOf(
    sampled,
    valuesOf([
      [0, 50, 1],
      [1, 50, 1],
    ]),
    values,
    { ...STATE, a: 0, b: 1, relative: true },
  );
  assert.deepEqual(text(relative, 2).slice(1, 3), ["50.0 % → 16.7 % of its side's total", "−33.3 percentage points"]);
});

test("a search tells its share", () => {
  const graph = modelOf(
    code,
    null,
    valuesOf([
      [0, 75, 1],
      [1, 25, 1],
    ]),
    STATE,
  );
  const state = (change) => ({ ...STATE, ...change });
  const share = (change) => {
    const { found, problem } = foundIn(graph, state(change));
    return found ? foundText(graph, found, 0) : problem;
  };
  assert.equal(share({ search: "T::" }), "matched: 75.0 % (75 B)");
  assert.equal(share({ search: "T::", matchCase: true }), "matched: nothing");
  assert.equal(share({ search: "^h$|g", regex: true }), "matched: 100.0 % (100 B)");
  assert.equal(share({ search: "(", regex: true }), "not a regular expression");
  assert.equal(share({ search: "(" }), "matched: nothing");
  assert.equal(share({}), "");
  const same = valuesOf([
    [0, 75, 1],
    [1, 25, 1],
  ]);
  const change = modelOf(code, same, same, { ...STATE, a: 0, b: 1 });
  assert.equal(
    foundText(change, foundIn(change, state({ search: "h" })).found, 0),
    "matched: only what did not change",
  );
});

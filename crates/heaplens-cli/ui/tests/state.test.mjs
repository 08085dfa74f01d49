import assert from "node:assert/strict";
import { test } from "node:test";
import { captureOf, indexOf, randomOf } from "./made.mjs";
import { load } from "./load.mjs";

const { defaultState, judgedRun, readState, writtenState } = await load("state.js");

const captures = Array.from({ length: 12 }, (_, i) => captureOf(`dump${i}`));
const index = indexOf([["main"]], { captures, sample_types: ["inuse_space", "inuse_objects"] });

test("what is written is read", () => {
  const base = defaultState(index);
  const state = {
    ...base,
    view: "callers",
    a: 3,
    b: 7,
    sample: "inuse_objects",
    part: "grown",
    relative: true,
    shape: "flame",
    inverted: true,
    color: "owner",
    zoom: "0123456789abcdef",
    search: "a b&c=#%\u{1f41b}",
    regex: true,
    matchCase: true,
    allocator: true,
    runtime: true,
    byThread: true,
    focus: "^x$",
    ignore: "a|b",
    hide: "+",
    showFrom: "main",
    fn: "Vec<T,A>::push",
    callersZoom: "00000000000000aa",
    calleesZoom: "00000000000000bb",
    sort: "-cum",
    filter: "ä",
  };
  assert.deepEqual(readState(`#${writtenState(state, base)}`, base, index), state);
  assert.equal(writtenState(base, base), "");
  assert.deepEqual(readState("", base, index), base);
});

test("a page opens with what it was asked for", () => {
  const asked = { ...index, start: "sample=inuse_objects&threads=1&shape=flame&view=none" };
  const base = defaultState(asked);
  assert.deepEqual(base, { ...defaultState(index), sample: "inuse_objects", byThread: true, shape: "flame" });
  assert.equal(writtenState({ ...base, byThread: false }, base), "threads=0");
  assert.equal(readState("#threads=0", base, asked).byThread, false);
});

test("A can be none", () => {
  const base = defaultState(index);
  const alone = { ...base, a: -1 };
  assert.equal(writtenState(alone, base), "a=-1");
  assert.deepEqual(readState("#a=-1", base, index), alone);
});

test("what is wrong falls back", () => {
  const base = defaultState(index);
  const wrong = [
    "view=__proto__",
    "view=constructor",
    "a=12",
    "a=-2",
    "a=1e1",
    "a=NaN",
    "a= 1",
    "b=-1",
    "b=99999999999999999999",
    "sample=cpu",
    "sample=",
    "part=ALL",
    "relative=true",
    "relative=",
    "color=url(x)",
    "shape=1",
    "threads=2",
    "__proto__=1",
    "constructor=1",
    "%",
    "%ff%fe",
    "=&=&&",
    "#",
  ];
  for (const fragment of wrong) assert.deepEqual(readState(`#${fragment}`, base, index), base, fragment);
  assert.equal(readState(`#search=${"x".repeat(100000)}`, base, index).search.length, 2000);
});

test("no fragment throws", () => {
  const base = defaultState(index);
  const random = randomOf(7);
  const pieces = [
    "view=",
    "a=",
    "b=",
    "&",
    "=",
    "%",
    "%2",
    "%zz",
    "\u{d800}",
    "-1",
    "9".repeat(30),
    "top",
    "flame",
    "\0",
    "zoom=",
    "search=",
    "+",
    "#",
  ];
  for (let i = 0; i < 3000; i++) {
    let fragment = "";
    for (let n = random(12); n > 0; n--) fragment += pieces[random(pieces.length)];
    const state = readState(fragment, base, index);
    assert.deepEqual(Object.keys(state), Object.keys(base));
    assert.ok(state.a >= -1 && state.a < 12 && state.b >= 0 && state.b < 12);
    assert.deepEqual(readState(writtenState(state, base), base, index), state);
  }
});

test("one dump, two, a series, a judged run", () => {
  const of = (count, leaks = null) => {
    const { view, a, b, color } = defaultState(indexOf([["main"]], { captures: captures.slice(0, count), leaks }));
    return [view, a, b, color];
  };
  assert.deepEqual(of(1), ["answer", -1, 0, "name"]);
  assert.deepEqual(of(2), ["flame", 0, 1, "change"]);
  assert.deepEqual(of(12), ["answer", 0, 11, "change"]);
  const run = (...places) => ({ runs: [{ captures: places.map(() => "x"), places, warmup: [], warmup_places: [] }] });
  assert.deepEqual(of(12, run(2, 3, 9)), ["answer", 2, 9, "change"]);
  const places = [[], [2], [99, 3], [3, 99], [-1, 3], [9, 2], [0.5, 3], [null, 3]];
  const wrong = [...places.map((list) => run(...list)), { runs: [] }, {}];
  const named = { runs: [{ captures: ["dump2", "dump9"] }] };
  for (const leaks of [...wrong, named]) {
    assert.deepEqual(of(12, leaks), ["answer", 0, 11, "change"]);
    assert.equal(judgedRun(indexOf([["main"]], { captures, leaks })), null);
  }
  const alike = Array.from({ length: 12 }, () => captureOf("x"));
  assert.deepEqual(judgedRun(indexOf([["main"]], { captures: alike, leaks: run(2, 3, 9) })), [2, 9]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE, captureOf, indexOf, randomOf, randomStacks, randomValues, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const { codeOf, compareBytes, warmIndex } = await load("code.js");
const { modelOf, rateOf } = await load("tree.js");
const { sandwichOf } = await load("sandwich.js");
const { topOf, intervalOfChange } = await load("top.js");
const { layout } = await load("layout.js");
const { netOf, nameOf, widthOf, intervalOf } = await load("model.js");

/** Nodes as text: names from the root, and figures. */
function written(graph, figures = (i) => [graph.before[i], graph.after[i], graph.grown[i], graph.shrunk[i]]) {
  return Array.from({ length: graph.count }, (_, i) => {
    const names = [];
    for (let node = i; node > 0; node = graph.parent[node]) names.unshift(nameOf(graph, node));
    return `${names.join(";")} ${figures(i).join(" ")}`;
  });
}

/** Stacks of names with what they hold: `[names, before, after]`, each once. */
function stacksOf(stacks, before, after) {
  const all = new Map();
  [before, after].forEach((values, side) => {
    for (let i = 0; i < (values?.count ?? 0); i++) {
      const names = stacks[values.site[i]].map((text) => text.split("@")[0]);
      const row = all.get(names.join(";")) ?? [names, 0, 0];
      row[side + 1] += values.bytes[i];
      all.set(names.join(";"), row);
    }
  });
  return [...all.values()];
}

/** The tree by the plainest means: every node's sums over the stacks that begin with it. */
function plainTree(stacks) {
  const nodes = new Map();
  for (const [names, before, after] of stacks) {
    if (before === 0 && after === 0) continue;
    for (let depth = 0; depth <= names.length; depth++) {
      const key = names.slice(0, depth).join(";");
      const sums = nodes.get(key) ?? [0, 0, 0, 0];
      [before, after, Math.max(after - before, 0), Math.max(before - after, 0)].forEach((v, i) => (sums[i] += v));
      nodes.set(key, sums);
    }
  }
  const sorted = [...nodes].sort(([a], [b]) => {
    const [x, y] = [a.split(";"), b.split(";")];
    for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] < y[i] ? -1 : 1;
    return a === "" ? -1 : b === "" ? 1 : x.length - y.length;
  });
  return sorted.map(([key, sums]) => `${key} ${sums.join(" ")}`);
}

/** Objects keep nodes too; these tests look at bytes alone. */
const bytesAlone = (values) => ({ ...values, objects: values.objects.map(() => 0) });

function* cases(count, threads = 0) {
  for (let seed = 1; seed <= count; seed++) {
    const random = randomOf(seed);
    const stacks = randomStacks(random, 1 + random(30));
    const code = codeOf(indexOf(stacks, { threads: ["w-1", "w-2", "main"] }));
    const values = () => bytesAlone(randomValues(random, stacks.length, threads));
    yield { stacks, code, a: values(), b: values(), random };
  }
}

test("trees are what the plainest means make", () => {
  for (const { stacks, code, a, b } of cases(60)) {
    const one = modelOf(code, null, b, STATE);
    assert.deepEqual(written(one), plainTree(stacksOf(stacks, null, b)));
    const two = modelOf(code, a, b, STATE);
    assert.deepEqual(written(two), plainTree(stacksOf(stacks, a, b)));
  }
});

test("a profile does not differ from itself", () => {
  for (const { code, a } of cases(20)) {
    const graph = modelOf(code, a, a, STATE);
    assert.equal(widthOf(graph, 0), 0);
    assert.ok(graph.grown.every((v) => v === 0));
    assert.equal(
      graph.before[0],
      a.bytes.reduce((x, y) => x + y, 0),
    );
  }
});

test("totals are the values'", () => {
  for (const { code, a, b, random } of cases(40, 3)) {
    const sum = (values) => values.bytes.reduce((x, y) => x + y, 0);
    const state = { ...STATE, inverted: random(2) === 1, byThread: random(2) === 1 };
    const graph = modelOf(code, a, b, state);
    assert.equal(graph.before[0], sum(a));
    assert.equal(graph.after[0], sum(b));
    assert.equal(netOf(graph, 0), sum(b) - sum(a));
    const [grown, shrunk] = ["grown", "shrunk"].map((part) => modelOf(code, a, b, { ...state, part }));
    assert.equal(widthOf(grown, 0) - widthOf(shrunk, 0), netOf(graph, 0));
    assert.deepEqual([grown.grown[0], grown.shrunk[0]], [graph.grown[0], 0]);
    assert.deepEqual([shrunk.grown[0], shrunk.shrunk[0]], [0, graph.shrunk[0]]);
    const relative = modelOf(code, a, b, { ...state, relative: true });
    if (sum(a) > 0 && sum(b) > 0) {
      assert.ok(Math.abs(netOf(relative, 0)) < 1e-6);
      assert.equal(relative.relative.unit, sum(b));
    }
  }
});

test("inverted is the same stacks, backwards", () => {
  for (const { stacks, code, a, b } of cases(40)) {
    const graph = modelOf(code, a, b, { ...STATE, inverted: true });
    const backwards = stacksOf(stacks, a, b).map(([names, from, to]) => [[...names].reverse(), from, to]);
    assert.deepEqual(written(graph), plainTree(backwards));
    const straight = modelOf(code, a, b, STATE);
    assert.deepEqual([graph.grown[0], graph.shrunk[0]], [straight.grown[0], straight.shrunk[0]]);
  }
});

test("threads are roots, pools as one", () => {
  const stacks = [["a", "b"], ["a"]];
  const code = codeOf(indexOf(stacks, { threads: ["w-1", "w-22", "main", "[thread 7]"] }));
  const values = valuesOf(
    [
      [0, 0, 4, 1],
      [0, 1, 2, 1],
      [0, 2, 8, 1],
      [1, 1, 1, 1],
      [1, 3, 16, 1],
    ],
    { threads: true },
  );
  const graph = modelOf(code, null, values, { ...STATE, byThread: true });
  assert.deepEqual(
    written(graph, (i) => [graph.after[i]]),
    [
      " 31",
      "[thread 7] 16",
      "[thread 7];a 16",
      "[thread: main] 8",
      "[thread: main];a 8",
      "[thread: main];a;b 8",
      "[thread: w-*] 7",
      "[thread: w-*];a 7",
      "[thread: w-*];a;b 6",
    ],
  );
  const inverted = modelOf(code, null, values, { ...STATE, byThread: true, inverted: true });
  assert.deepEqual(
    written(inverted, (i) => [inverted.after[i]]),
    [
      " 31",
      "[thread 7] 16",
      "[thread 7];a 16",
      "[thread: main] 8",
      "[thread: main];b 8",
      "[thread: main];b;a 8",
      "[thread: w-*] 7",
      "[thread: w-*];a 1",
      "[thread: w-*];b 6",
      "[thread: w-*];b;a 6",
    ],
  );
  const without = modelOf(code, null, valuesOf([[0, 5, 1]]), { ...STATE, byThread: true });
  assert.deepEqual(
    written(without, (i) => [without.after[i]]),
    [" 5", "[no thread] 5", "[no thread];a 5", "[no thread];a;b 5"],
  );
});

test("a sandwich parts each stack at the outermost call", () => {
  const stacks = [
    ["m", "f", "g", "f", "x"],
    ["m", "f"],
    ["f", "x"],
    ["m", "x"],
    ["n", "f", "g"],
  ];
  const code = codeOf(indexOf(stacks));
  const values = valuesOf([
    [0, 1, 1],
    [1, 2, 1],
    [2, 4, 1],
    [3, 8, 1],
    [4, 16, 1],
  ]);
  const { callers, callees } = sandwichOf(code, null, values, STATE, "f");
  assert.deepEqual(
    written(callers, (i) => [callers.after[i]]),
    [" 23", "m 3", "n 16"],
  );
  assert.deepEqual(
    written(callees, (i) => [callees.after[i]]),
    [" 23", "g 17", "g;f 1", "g;f;x 1", "x 4"],
  );
  assert.equal(nameOf(callers, 0), "f");
  assert.equal(sandwichOf(code, null, values, STATE, "nobody"), null);
  for (const { code, a, b } of cases(20)) {
    const top = topOf(code, a, b, STATE);
    for (const row of top.rows) {
      const both = sandwichOf(code, a, b, STATE, row.name);
      for (const graph of [both.callers, both.callees]) {
        assert.deepEqual([graph.before[0], graph.after[0]], [row.cum.before, row.cum.after]);
      }
      assert.equal(both.callers.grown[0], both.callees.grown[0]);
    }
  }
});

test("the table counts recursion once", () => {
  for (const { stacks, code, a, b } of cases(40)) {
    const top = topOf(code, a, b, STATE);
    const rows = new Map();
    for (const [names, before, after] of stacksOf(stacks, a, b)) {
      if (before === 0 && after === 0) continue;
      for (const name of new Set(names)) {
        const row = rows.get(name) ?? [name, 0, 0, 0, 0];
        row[3] += before;
        row[4] += after;
        if (names.at(-1) === name) {
          row[1] += before;
          row[2] += after;
        }
        rows.set(name, row);
      }
    }
    const got = top.rows.map((r) => [r.name, r.flat.before, r.flat.after, r.cum.before, r.cum.after]);
    const size = (row, i) => Math.abs(row[i + 1] - row[i]);
    const expected = [...rows.values()].sort(
      (x, y) => size(y, 1) - size(x, 1) || size(y, 3) - size(x, 3) || compareBytes(x[0], y[0]),
    );
    assert.deepEqual(got, expected);
    const graph = modelOf(code, a, b, STATE);
    assert.deepEqual([top.grown, top.shrunk], [graph.grown[0], graph.shrunk[0]]);
  }
});

test("a node is at the place that holds most", () => {
  const stacks = [
    ["m@a.c:1", "f@b.c:1"],
    ["m@a.c:2", "f@b.c:9"],
    ["m@a.c:2", "f@b.c:8"],
  ];
  const code = codeOf(indexOf(stacks));
  const graph = modelOf(
    code,
    null,
    valuesOf([
      [0, 5, 1],
      [1, 4, 1],
      [2, 3, 1],
    ]),
    STATE,
  );
  assert.deepEqual(
    Array.from(graph.doc.place, (p) => graph.doc.places[p] ?? ""),
    ["", "a.c:2", "b.c:1"],
  );
  const top = topOf(
    code,
    null,
    valuesOf([
      [0, 5, 1],
      [1, 4, 1],
      [2, 3, 1],
    ]),
    STATE,
  );
  assert.deepEqual(
    top.rows.map((row) => row.place),
    ["b.c:1", "a.c:2"],
  );
});

test("the four values, and how sure they are", () => {
  const index = indexOf([["a"]], {
    sample_types: ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"],
    captures: [captureOf("one", { rate: 1024 }), captureOf("two", { rate: 2048 })],
  });
  const code = codeOf(index);
  const values = valuesOf([[0, 4096, 3, 8192, 9]], { alloc: true });
  const of = (sample) => modelOf(code, null, values, { ...STATE, sample });
  assert.deepEqual([of("inuse_space").after[0], of("inuse_space").other[0]], [4096, 3]);
  assert.deepEqual([of("inuse_objects").after[0], of("inuse_objects").other[0]], [3, 4096]);
  assert.deepEqual([of("alloc_space").after[0], of("alloc_objects").after[0]], [8192, 9]);
  assert.equal(of("inuse_space").samples[1], 4);
  assert.equal(of("inuse_objects").samples[1], 4);
  assert.ok(intervalOf(of("inuse_space"), 1).low < 4096);
  const change = modelOf(code, values, values, { ...STATE, a: 0, b: 1 });
  assert.equal(change.doc.rate, 2048);
  assert.equal(change.samples[1], 4);
  const top = topOf(code, values, values, { ...STATE, a: 0, b: 1 });
  assert.deepEqual(intervalOfChange(top, top.rows[0].cum), intervalOf(change, 1));
});

test("a difference is as sure as its coarser side", () => {
  const captures = [2048, 1024, null].map((rate) => captureOf("d", { rate }));
  const index = indexOf([["a"]], { captures });
  const of = (a, b) => rateOf({ index }, true, { a, b });
  assert.deepEqual([of(0, 1), of(1, 0), of(1, 2), of(2, 1), of(2, 2)], [2048, 2048, 1024, 1024, null]);
  assert.equal(rateOf({ index }, false, { a: 0, b: 1 }), 1024);
});

test("names have the library's colours and order", () => {
  assert.equal(warmIndex("all"), 29);
  assert.equal(warmIndex("alloc::raw_vec::RawVec<T,A>::grow_one"), 13);
  const names = ["\u{1f600}", "\uff5e", "b", "", "a", "aa"];
  const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual([...names].sort(compareBytes), sorted);
  const graph = modelOf(
    codeOf(indexOf(names.filter(Boolean).map((name) => [name]))),
    null,
    valuesOf([0, 1, 2, 3, 4].map((site) => [site, 1, 1])),
    STATE,
  );
  assert.deepEqual(
    Array.from({ length: graph.count - 1 }, (_, i) => nameOf(graph, i + 1)),
    sorted.filter(Boolean),
  );
});

test("hundred thousand frames, deep or wide, are quick and do not fill the stack", () => {
  const count = 100_000;
  const index = indexOf([["f"]]);
  index.stacks = { parent: Array.from({ length: count }, (_, i) => i - 1), frame: new Array(count).fill(0) };
  index.sites = { stack: [count - 1], cut: [0], run: [0], runtime: [-1] };
  const deep = codeOf(index);
  for (const inverted of [false, true]) {
    const graph = modelOf(deep, null, valuesOf([[0, 5, 1]]), { ...STATE, inverted });
    assert.equal(graph.count, count + 1);
    assert.equal(graph.frames[0], count + 1);
  }
  assert.equal(sandwichOf(deep, null, valuesOf([[0, 5, 1]]), STATE, "f").callees.count, count);
  assert.equal(topOf(deep, null, valuesOf([[0, 5, 1]]), STATE).rows[0].cum.after, 5);
  const names = Array.from({ length: count }, (_, i) => `f${(i * 7919) % count}`);
  const wide = indexOf([["f"]]);
  wide.strings = names;
  wide.functions = {
    name: names.map((_, i) => i),
    file: names.map(() => -1),
    crate: names.map(() => -1),
    owner: "p".repeat(count),
    color: "1".repeat(count),
  };
  wide.frames = {
    function: names.map((_, i) => i),
    line: names.map(() => 0),
    module: names.map(() => -1),
    inlined: "0".repeat(count),
  };
  wide.stacks = { parent: names.map(() => -1), frame: names.map((_, i) => i) };
  wide.sites = {
    stack: names.map((_, i) => i),
    cut: names.map(() => 0),
    run: names.map(() => 0),
    runtime: names.map(() => -1),
  };
  const values = valuesOf(names.map((_, i) => [i, 1 + i, 1]));
  const code = codeOf(wide);
  const graph = modelOf(code, null, values, STATE);
  assert.equal(graph.count, count + 1);
  assert.equal(layout(graph, 0, 1200).rows, 2);
});

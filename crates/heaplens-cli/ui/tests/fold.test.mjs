import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE, indexOf, randomOf, randomStacks, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const { codeOf } = await load("code.js");
const { compiled, exactly, problemOf } = await load("choose.js");
const { PatternError } = await load("patterns.js");
const { foldedSites } = await load("fold.js");

/** The stacks of sites as a state shows them, null for those that are left out. */
function shown(stacks, state) {
  const code = codeOf(indexOf(stacks));
  const folded = foldedSites(code, { ...STATE, ...state });
  return Array.from(folded.ofSite, (node) => {
    if (node < 0) return null;
    const names = [];
    for (let i = node; i > 0; i = folded.parent[i]) names.unshift(code.names[code.frameName[folded.frame[i]]]);
    return names.join(";");
  });
}

const SITES = [
  { names: ["start", "tokio", "main", "vec", "alloc", "malloc"], cut: 2, run: 2, runtime: "[runtime: tokio]" },
  { names: ["start", "tokio", "alloc"], cut: 1, run: 2, runtime: "[runtime: tokio]" },
  { names: ["malloc", "malloc2"], cut: 2 },
  { names: ["start", "other@x/other.c:7", "vec"], run: 1, runtime: "[runtime: system]" },
];

test("patterns that could take for ever are refused", () => {
  const wrong = [
    "(a+)+$",
    "(a*)*b",
    "((a|b)*)*",
    "(a|aa)+$",
    "(a|a)*b",
    "([a-z]+.)*x",
    "(?:x?)*y",
    "(a{1,90}){9,}",
    "(a)\\1",
    `${"\\w?".repeat(40)}!`,
    "^(?:\\w{1,20}){20}!",
    `${".{0,20}".repeat(8)}!`,
    `${"(?:\\w|\\w)".repeat(40)}!`,
    "^(?:a|A|b|B|_|:)+!",
    "(?:a{0,3})+!",
    "(?:a{0,1}b|b)+!",
    "(?:a{0}b|b)+!",
    "(?:\\+?\\+?)*!",
    "(?:(?:a|a)b?){2,9}!",
    `(?:a+){${"0".repeat(30)}1,}!`,
    `${"(?:x|xy?)".repeat(10)}!`,
    `${"(?:ab?|a)?".repeat(8)}!`,
  ];
  for (const text of wrong) assert.throws(() => compiled(text), PatternError, text);
  assert.match(problemOf({ ...STATE, focus: "(a+)+" }), /^focus: a regular expression that repeats/);
  assert.throws(() => compiled(".*a.*b.*c.*d.*e.*f.*g"), PatternError);
  const right = [
    ".*",
    "a.*b+c",
    "(foo|bar)+",
    "^alloc::.*push$",
    "[()*+]+x",
    "\\(a+\\)+",
    "(a|b)?c*",
    "a{2,3}",
    "(?<n>a)b*",
    "x??",
    "foo|bar|baz",
    "^std::",
    "Vec<.*>::push",
    "(alloc|core)::",
    "remember_?label",
    "\\d+",
    ".*foo.*bar",
    "(insert|insert_all)?_(many|more)",
    "\\w{2,5}x{30}",
    "(?:[0-9a-f]{4}){2}",
    Array.from({ length: 300 }, (_, i) => `^f${i}$`).join("|"),
    `${"(?:foo|bar)".repeat(40)}`,
    "a{}b{x}",
  ];
  for (const text of right) assert.ok(compiled(text), text);
});

test("long names are looked at to their end", () => {
  const name = `alloc::${"Vec<core::option::Option<alloc::string::String>>::".repeat(12)}push_mut`;
  for (const text of ["alloc.*Vec.*Option.*String.*push.*mut$", "push_mut$", "^a.*(String|Option)+.*h_mut"])
    assert.ok(compiled(text).test(name), text);
  assert.ok(compiled("a+x").test(`${"b".repeat(64000)}ax`));
});

test("no pattern stops the page", () => {
  const names = Array.from({ length: 3000 }, (_, i) => `${"ab".repeat(400)}${i}`);
  const start = performance.now();
  assert.throws(() => {
    const pattern = compiled("a.*b.*a.*b.*a.*b!");
    names.forEach((name) => pattern.test(name));
  }, PatternError);
  for (const text of [".*.*.*.*.*.*!", "a*a*a*a*!", "a+!", ".*:.*:.*!"]) {
    assert.throws(() => {
      const pattern = compiled(text);
      for (const one of ["a".repeat(64000), ":a".repeat(32000)]) pattern.test(one);
    }, PatternError);
  }
  // What takes long can begin late.
  for (const text of ["a.*.*.*.*.*.*!", "a\\w*a\\w*a\\w*!"]) {
    assert.throws(() => compiled(text).test(`${"b".repeat(46000)}${"a".repeat(18000)}`), PatternError, text);
  }
  assert.ok(performance.now() - start < 20000);
});

test("what is accepted ends, whatever it is made of", () => {
  const random = randomOf(11);
  const one = (list) => list[random(list.length)];
  const made = (depth) => {
    const atom = () => (depth > 0 && random(4) === 0 ? `(?:${made(depth - 1)})` : one(["a", "A", "\\w", ".", "b"]));
    const quantifier = () => (random(3) === 0 ? one(["?", "?", "*", "+", "{1,20}", "{3}", "{20}", "{0,2}"]) : "");
    const text = Array.from({ length: 1 + random(6) }, () => atom() + quantifier()).join("");
    return random(4) === 0 ? `${text}|${made(depth - 1)}` : text;
  };
  const texts = ["a".repeat(60), "a".repeat(3000), "aA:".repeat(700), `${"b".repeat(50)}${"a".repeat(30)}`];
  let count = 0;
  for (let i = 0; i < 300; i++) {
    const text = `${made(3)}!`;
    const start = performance.now();
    try {
      const pattern = compiled(text);
      count++;
      for (const name of texts) pattern.test(name);
    } catch (why) {
      assert.ok(why instanceof PatternError, text);
    }
    assert.ok(performance.now() - start < 8000, text);
  }
  assert.ok(count > 100);
});

test("the allocator goes, runtimes become one frame", () => {
  assert.deepEqual(shown(SITES, {}), [
    "[runtime: tokio];main;vec",
    "[runtime: tokio]",
    "malloc",
    "[runtime: system];other;vec",
  ]);
  assert.deepEqual(
    shown(SITES, { allocator: true, runtime: true }),
    SITES.map(({ names }) => names.map((n) => n.split("@")[0]).join(";")),
  );
  assert.deepEqual(shown(SITES, { runtime: true })[0], "start;tokio;main;vec");
});

test("patterns choose sites and frames", () => {
  const state = (change) => shown(SITES, { runtime: true, ...change });
  assert.deepEqual(state({ focus: "main|other" }), ["start;tokio;main;vec", null, null, "start;other;vec"]);
  assert.deepEqual(state({ ignore: "^tokio$" }), [null, null, "malloc", "start;other;vec"]);
  assert.deepEqual(state({ hide: "start|vec" }), ["tokio;main", "tokio", "malloc", "other"]);
  assert.deepEqual(state({ hide: "malloc" })[2], "");
  assert.deepEqual(state({ showFrom: "main|other" }), ["main;vec", null, null, "other;vec"]);
  assert.deepEqual(state({ showFrom: "start", hide: "start" }), [null, null, null, null]);
  // What is cut off is not looked at; files and lines are.
  assert.deepEqual(state({ focus: "^alloc$" }), [null, null, null, null]);
  assert.deepEqual(state({ focus: "x/other\\.c$" })[3], "start;other;vec");
  assert.deepEqual(state({ focus: "other\\.c:7$" })[3], "start;other;vec");
  assert.deepEqual(state({ focus: "(" })[0], "start;tokio;main;vec");
});

test("patterns see what is folded", () => {
  assert.deepEqual(shown(SITES, { focus: "start", ignore: "main" }), [
    null,
    "[runtime: tokio]",
    null,
    "[runtime: system];other;vec",
  ]);
  assert.deepEqual(shown(SITES, { hide: "^start$" })[0], "[runtime: tokio];main;vec");
  assert.deepEqual(shown(SITES, { hide: "start|tokio" })[0], "main;vec");
  assert.deepEqual(shown(SITES, { showFrom: "tokio" })[0], "tokio;main;vec");
});

test("folding is what the plainest means make", () => {
  for (let seed = 1; seed < 80; seed++) {
    const random = randomOf(seed);
    const sites = randomStacks(random, 25, "abc").map((names) => {
      const run = random(names.length + 1);
      return { names, cut: random(names.length + 1), run, runtime: run > 0 ? "[runtime: std]" : "" };
    });
    // The same callers have the same run as far as they go, as in real data.
    const pattern = () => (random(2) ? ["a", "b", "^c$", "b.rs", "a.rs:2"][random(5)] : "");
    const state = {
      allocator: random(2) === 1,
      runtime: random(2) === 1,
      focus: pattern(),
      ignore: random(3) ? "" : pattern(),
      hide: pattern(),
      showFrom: random(3) ? "" : pattern(),
    };
    const matches = (frame, text) => {
      const [name, place = ""] = frame.split("@");
      return [name, place.split(":")[0], place].some((part) => part !== "" && new RegExp(text).test(part));
    };
    const expected = sites.map(({ names, cut, run, runtime }) => {
      let frames = state.allocator ? names : names.slice(0, Math.max(names.length - cut, 1));
      if (state.focus && !frames.some((f) => matches(f, state.focus))) return null;
      if (state.ignore && frames.some((f) => matches(f, state.ignore))) return null;
      const isRun = frames.map((_, i) => i < run && !state.runtime && !state.showFrom);
      let kept = frames.map((f, i) => [f, isRun[i]]).filter(([f]) => !state.hide || !matches(f, state.hide));
      if (state.showFrom) {
        const at = kept.findIndex(([f]) => matches(f, state.showFrom));
        if (at < 0) return null;
        kept = kept.slice(at);
      }
      const rest = kept.filter(([, inRun]) => !inRun).map(([f]) => f.split("@")[0]);
      return (rest.length < kept.length ? [runtime, ...rest] : rest).join(";");
    });
    assert.deepEqual(shown(sites, state), expected, JSON.stringify([seed, state]));
  }
});

test("patterns of people are taken as they are", () => {
  assert.equal(problemOf({ ...STATE, focus: "(" }), "focus: not a regular expression");
  assert.equal(problemOf({ ...STATE, hide: "a|b" }), "");
  assert.ok(compiled("(?i)ABC").test("xabcx"));
  assert.ok(!compiled("ABC").test("abc"));
  assert.ok(compiled("ABC", false).test("abc"));
  assert.ok(compiled("a\\-b").test("a-b"));
  for (const name of ["Vec<u8>::push", "a.b*c+?^$(x)|[y]\\{z}", "[runtime: tokio]"]) {
    assert.ok(compiled(exactly(name)).test(name));
    assert.ok(!compiled(exactly(name)).test(`${name}x`));
  }
});

test("values of sites without a stack stay, unless frames are asked for", () => {
  const index = indexOf([["a"]]);
  index.sites = { stack: [0, -1], cut: [0, 0], run: [0, 0], runtime: [-1, -1] };
  const code = codeOf(index);
  assert.deepEqual([...foldedSites(code, STATE).ofSite], [1, 0]);
  assert.deepEqual([...foldedSites(code, { ...STATE, focus: "a" }).ofSite], [1, -1]);
  assert.deepEqual([...foldedSites(code, { ...STATE, ignore: "a" }).ofSite], [-1, 0]);
  assert.equal(valuesOf([[1, 1, 1]]).count, 1);
});

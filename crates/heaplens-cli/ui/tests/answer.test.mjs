import assert from "node:assert/strict";
import { test } from "node:test";
import { captureOf, indexOf, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const verdicts = await load("verdict.js");
const rates = await load("rate.js");
const { changedSentence, chargesOf, heldSentence, isChance, ownerShares, ownSentence } = await load("charge.js");
const { historyText, suspectsOf, whenOf } = await load("suspects.js");
const { sparkPoints } = await load("spark.js");
const { clockOf } = await load("times.js");
const { courseText, curvesOf, mostShown, nearestCapture, rising, valueNear } = await load("curves.js");
const { captureNotes, coursesOf } = await load("courses.js");
const { shownCaptures } = await load("span.js");
const { subjectOf } = await load("frame.js");
const { noLinesText, ownFirst } = await load("lines.js");

const MIB = 1048576;
const run = {
  verdict: "leak",
  pid: 42,
  host: "db7",
  exe: "/opt/app",
  rate: 524288,
  rate_is_assumed: false,
  clock: "trailer",
  first_ms: 0,
  times: [0, 3600, 7200],
  captures: ["a", "b", "c"],
  places: [1, 2, 3],
  warmup: ["w"],
  warmup_places: [0],
  heap: [1, 2, 3],
  growth: 10 * MIB,
  least_rate: 100,
  culprits: [],
  dismissed: [],
};
const culprit = {
  name: "app::sessions::insert",
  location: "src/sessions.rs:42",
  crate: "app",
  crate_version: "0.4.0",
  owner: "first-party",
  label: "leak",
  rate: { value: (6.1 * MIB) / 3600, low: (5.2 * MIB) / 3600, high: (7 * MIB) / 3600 },
  score: (5 * MIB) / 3600,
  growth: 9.3 * MIB,
  share_of_growth: 0.93,
  live: { value: 88.7 * MIB, interval: [76 * MIB, 103 * MIB], objects: 1234 },
  since: 0,
  history: [MIB, 2 * MIB, 3 * MIB],
  path: [],
  callers: [],
  stacks: 1,
};
run.culprits = [culprit];
const leaks = {
  verdict: "leak",
  sentence:
    "leak: app::sessions::insert (src/sessions.rs:42) grows by 6.1 MiB/h (95 %: 5.2–7.0 MiB/h), 93 % of all growth, in 3 dumps over 2 h",
  culprits: [culprit],
  runs: [run],
  left_out: [
    { capture: "x", why: "damaged" },
    { capture: "y", why: "twice" },
    { capture: "z", why: "damaged" },
  ],
};

test("the sentence stands without its word", () => {
  const { verdict, word, sentence } = verdicts.verdictOf(leaks);
  assert.deepEqual([verdict, word], ["leak", "Leak"]);
  assert.match(sentence, /^app::sessions::insert .* in 3 dumps over 2 h$/);
  const of = (verdict, sentence) => Object.values(verdicts.verdictOf({ verdict, sentence }));
  assert.deepEqual(of("no-leak", "no leak found: nothing grows"), ["no-leak", "No leak found", "nothing grows"]);
  assert.deepEqual(of("inconclusive", "inconclusive"), ["inconclusive", "Inconclusive", "inconclusive"]);
  assert.deepEqual(of("constructor", "leak"), ["inconclusive", "Inconclusive", "leak"]);
});

test("a culprit's figures are those of the command line", () => {
  const facts = verdicts
    .factsOf(culprit, run, () => "noon")
    .map(({ name, value, more }) => [name, value, ...more].join("; "));
  assert.deepEqual(facts, [
    "grows by; 6.1 MiB/h; 95 %: 5.2–7.0 MiB/h",
    "surely; ≥ 5.0 MiB/h; what sampling could feign is taken off",
    "holds now; 88.7 MiB; 95 %: 76–103 MiB; ≈ 1,234 objects",
    "grew; +9.3 MiB; 93 % of all growth; mean of first to last quarter; first to last dump: +2.0 MiB",
    "since; the first dump; 3 dumps over 2 h",
  ]);
  assert.equal(
    verdicts.sinceOf({ ...culprit, since: 1 }, run, () => "noon"),
    "noon",
  );
  assert.equal(
    verdicts.sinceOf({ ...culprit, since: 1 }, { ...run, clock: "order" }, () => "noon"),
    "dump 2 of 3",
  );
  assert.equal(verdicts.culpritCrate(culprit), "app 0.4.0");
  assert.equal(verdicts.culpritCrate({ crate: null, crate_version: null }), "");
  assert.equal(verdicts.shareText(null), "");
  assert.equal(verdicts.shareText(1.4), "");
});

test("exact counts are called so", () => {
  const exact = { ...run, rate: 1 };
  const facts = verdicts.factsOf(culprit, exact, () => "");
  assert.deepEqual(facts[1].more, ["every allocation was counted"]);
  assert.equal(facts[2].more[1], "1,234 objects");
  assert.ok(verdicts.groundsOf(exact).includes("every allocation counted"));
});

test("the grounds of a judgement", () => {
  assert.equal(
    verdicts.groundsOf(run).join("; "),
    "app pid 42 on db7; 3 dumps over 2 h; one sample in 512 KiB; times from the dumps themselves; the first dump not judged (warm-up)",
  );
  const bare = { ...run, pid: null, host: null, exe: null, clock: "order", rate_is_assumed: true, warmup: ["a", "b"], warmup_places: [0, 1] };
  assert.equal(
    verdicts.groundsOf(bare).join("; "),
    "3 dumps; one sample in 512 KiB assumed, since the inputs do not tell; no times known: taken in order, at equal distances; the first 2 dumps not judged (warm-up)",
  );
});

test("what would decide it", () => {
  const of = (inconclusive) => verdicts.decidersOf({ ...run, inconclusive });
  assert.deepEqual(of({ more_captures: 3 }), ["Take 3 more dumps, at the same distance."]);
  assert.deepEqual(of({ more_captures: 12, lg_prof_sample: 17, name: "f" }), [
    "Take about 12 more dumps, at the same distance.",
    "Or sample finer: start the program with lg_prof_sample:17 in its MALLOC_CONF.",
  ]);
  assert.deepEqual(of({}), ["Take more dumps, spread over the time in which memory grows."]);
  assert.deepEqual(of({ before_filters: 5000 }), ["Choose functions or threads that there are."]);
  assert.deepEqual(of(undefined), []);
  assert.deepEqual(verdicts.decidersOf(undefined), []);
  assert.equal(verdicts.unseenOf({ ...run, least_rate: 0 }), "");
});

test("what was left out, by reason", () => {
  assert.deepEqual(verdicts.leftOutOf(leaks), [
    { why: "damaged", names: ["x", "z"] },
    { why: "twice", names: ["y"] },
  ]);
  assert.deepEqual(verdicts.leftOutOf({}), []);
});

test("leaks are told by functions, which frames are not always", () => {
  for (const granularity of ["function", "", undefined]) assert.ok(verdicts.isOfFunctions({ granularity }));
  for (const granularity of ["crate", "file", "line", "module", "address"])
    assert.ok(!verdicts.isOfFunctions({ granularity }));
});

test("rates and times read as elsewhere", () => {
  assert.equal(rates.rateText(2 * MIB, true), "2.0 MiB/s");
  assert.equal(rates.rateText(1500, true), "5.1 MiB/h");
  assert.equal(rates.rateText(1, true), "84.4 KiB/day");
  assert.equal(rates.rateText(1500, false), "1.5 KiB/dump");
  assert.equal(rates.rateRange({ value: 1500, low: 1000, high: 2000 }, true), "3.4–6.9 MiB/h");
  assert.equal(rates.rateRange({ value: 1, low: 1, high: 1 }, true), "");
  assert.equal(rates.rangeText(-1.2 * MIB, 3.4 * MIB, true), "−1.2 to +3.4 MiB");
  for (const [seconds, said] of [
    [2.34, "2.3 s"],
    [45.2, "45 s"],
    [60, "1 min"],
    [61, "1 min 1 s"],
    [3600, "1 h"],
    [12000, "3 h 20 min"],
    [90000, "1 d 1 h"],
  ]) {
    assert.equal(rates.durationText(seconds), said);
  }
});

test("suspects are those of all runs", () => {
  const second = { ...run, culprits: [{ ...culprit, name: "g" }] };
  assert.deepEqual(
    suspectsOf({ runs: [run, second] }).map(({ culprit, rank }) => `${culprit.name} ${rank}`),
    ["app::sessions::insert 1", "g 1"],
  );
  assert.deepEqual(suspectsOf(null), []);
  assert.equal(historyText(culprit.history), "from 1.0 MiB to 3.0 MiB in 3 dumps");
  assert.equal(historyText([]), "no history");
  assert.equal(sparkPoints([0, 1], 10, 5), "0.0,5.0 10.0,0.0");
  assert.equal(sparkPoints([3], 10, 5), "5.0,5.0");
  assert.equal(sparkPoints([], 10, 5), "");
});

test("captures of a run are told by their places", () => {
  // All names are alike, as they are once they are redacted.
  const captures = ["w", "x", "x", "x", "x"].map((name) => ({ name }));
  const app = { index: { captures }, clock: { short: (i) => `at ${i}` } };
  const alike = { ...run, captures: ["x", "x", "x"] };
  assert.deepEqual([0, 1, 2].map(whenOf(app, alike)), ["at 1", "at 2", "at 3"]);
  assert.deepEqual([0, 1].map(whenOf(app, { ...alike, places: [4, 9] })), ["at 4", "dump 2"]);
  assert.equal(whenOf(app, { ...alike, places: undefined })(0), "dump 1");
  const printed = verdicts.printedJudgement(leaks);
  assert.deepEqual(printed.runs[0].captures, run.captures);
  assert.doesNotMatch(JSON.stringify(printed), /places/);
  assert.deepEqual(leaks.runs[0].places, [1, 2, 3]);
});

/** Owners are given by hand. */
function ownedIndex(stacks, owners) {
  const index = indexOf(stacks);
  index.functions.owner = index.functions.name.map((name) => owners[index.strings[name]] ?? "p").join("");
  return index;
}

test("one dump: who holds it", () => {
  const owners = { malloc: "a", push: "s", parse: "t", start: "r" };
  const index = ownedIndex(
    [
      { names: ["start", "main", "load@load.rs:3", "push", "malloc"], cut: 1 },
      { names: ["start", "main", "read", "parse", "malloc"], cut: 1 },
      { names: ["start", "parse", "malloc"], cut: 1 },
      { names: ["malloc"], cut: 1 },
    ],
    owners,
  );
  const found = chargesOf(
    index,
    null,
    valuesOf([
      [0, 50, 5],
      [1, 30, 3],
      [2, 15, 1],
      [3, 5, 1],
    ]),
  );
  assert.deepEqual(
    found.charges.map(({ name, bytes }) => `${name} ${bytes.after}`),
    ["load 50", "read 30", "parse 15", "malloc 5"],
  );
  assert.equal(found.charges[0].place, "load.rs:3");
  assert.deepEqual(found.owners, { p: 50, t: 45, "": 5 });
  assert.deepEqual(
    ownerShares(found.owners, 100).map(({ name, text }) => `${name}: ${text}`),
    [
      "the program’s own functions: 50.0 %, 50 B",
      "third-party libraries: 45.0 %, 45 B",
      "functions without names: 5.0 %, 5 B",
    ],
  );
  assert.equal(ownSentence(found.owners, 100), "The program’s own functions asked for 50.0 % of it.");
  assert.match(ownSentence({ t: 3 }, 3), /^No function of the program/);
  assert.equal(heldSentence("app", found.total.bytes, found.total.objects, null), "app holds 100 B, in 10 objects");
  assert.match(
    heldSentence("", { before: 0, after: 100 * MIB }, { before: 0, after: 0 }, 524288),
    /^The program holds 100 MiB \(95 %: \d+–\d+ MiB\)$/,
  );
});

test("two dumps: what grew and shrank", () => {
  const index = ownedIndex(
    [
      ["main", "a"],
      ["main", "b"],
      ["main", "c"],
    ],
    {},
  );
  const found = chargesOf(
    index,
    valuesOf([
      [0, 10, 1],
      [1, 90, 1],
    ]),
    valuesOf([
      [0, 100, 1],
      [1, 20, 1],
      [2, 5, 1],
    ]),
  );
  assert.deepEqual(
    found.charges.map(({ name, bytes }) => `${name} ${bytes.before} ${bytes.after}`),
    ["a 10 100", "b 90 20", "c 0 5"],
  );
  assert.equal(changedSentence("app", found.total.bytes, null), "app grew from 100 B to 125 B: +25 B");
  const few = { before: 10 * MIB, after: 11 * MIB };
  assert.match(changedSentence("app", few, 524288), /: \+1\.0 MiB \(95 %: .*\); that may be chance$/);
  assert.ok(isChance({ bytes: true, diff: true, rate: 524288 }, few));
  assert.ok(!isChance({ bytes: true, diff: true, rate: null }, few));
  assert.match(changedSentence("app", { before: 5, after: 3 }, null), /^app shrank from 5 B to 3 B: −2 B$/);
});

test("captures have times in the viewer's zone, or none", () => {
  const at = (...times) =>
    indexOf([["main"]], {
      clock: "trailer",
      captures: times.map((time, i) => captureOf(`d${i}`, { time, seconds: i * 300 })),
    });
  const day = clockOf(at(0, 86400000 * 2, 86400000 * 2), "Europe/Berlin");
  assert.deepEqual([day.unit, day.position(1), day.short(0)], ["date", 172800, "1 Jan, 01:00"]);
  assert.match(day.long(1), /^3 Jan 1970, 01:00 (CET|GMT\+1)$/);
  assert.equal(clockOf(at(0, 600000, 700000), "UTC").short(1), "00:10:00");
  const seconds = clockOf(at(null, null, null));
  assert.deepEqual([seconds.unit, seconds.short(1), seconds.long(1)], ["seconds", "+5 min", "+5 min (dump 2 of 3)"]);
  const order = clockOf({ ...at(0, 5), clock: "order" });
  assert.deepEqual([order.unit, order.position(1), order.short(1)], ["number", 2, "d1"]);
});

test("times that are no dates make no clock of dates", () => {
  const of = (...times) =>
    clockOf(
      indexOf([["main"]], {
        clock: "trailer",
        captures: times.map((time, i) => captureOf(`d${i}`, { time, seconds: i * 300 })),
      }),
      "UTC",
    );
  for (const times of [[0, 8.64e15 + 1], [1e18, 1e18 + 1], [-1e17, 0], [0, Infinity], [NaN, 1]]) {
    const clock = of(...times, 2);
    assert.deepEqual([clock.isDate, clock.unit, clock.short(1)], [false, "seconds", "+5 min"]);
  }
  const last = of(8.64e15 - 1000, 8.64e15, 8.64e15);
  assert.equal(last.unit, "date");
  // The chart has some room at its ends.
  assert.equal(last.at(8.64e12 + 100), last.short(1));
});

test("a chart of a hundred thousand captures", () => {
  const captures = Array.from({ length: 1e5 }, (_, i) =>
    captureOf("d", { time: i * 1000, total: i, high: 2 * i, allocated: null, rss: i === 777 ? 5e6 : 1 }),
  );
  const index = indexOf([["main"]], { clock: "trailer", captures });
  assert.equal(clockOf(index, "UTC").short(0), "1 Jan, 00:00");
  const curves = curvesOf(index, coursesOf(index), 0).map(({ values }) => values);
  assert.equal(mostShown(curves, [0, 99999]), 5e6);
  assert.equal(mostShown(curves, [1000, 1001]), 1001);
  assert.equal(mostShown([curves[0]], [0, 99999]), 99999);
  assert.equal(mostShown([], [0, 99999]), 1);
  assert.match(courseText(index, clockOf(index, "UTC")), /in 100000 dumps/);
});

test("places on the chart", () => {
  assert.deepEqual(
    [-5, 0, 4, 6, 14, 99].map((x) => nearestCapture([0, 10, 20], x)),
    [0, 0, 0, 1, 1, 2],
  );
  assert.deepEqual(
    rising([1, 1, 3]).map((x) => x.toFixed(5)),
    ["1.00000", "1.00000", "3.00000"],
  );
  assert.ok(rising([1, 1, 3])[1] > 1);
});

test("the chart in words", () => {
  const captures = [10, 30, 20].map((total, i) => captureOf("d", { total, run: i > 1 ? 1 : 0, time: i * 60000 }));
  captures.push(captureOf("d", { total: 1, run: -1, left_out: "damaged: it is cut" }));
  const index = indexOf([["main"]], { clock: "order", captures });
  assert.equal(
    courseText(index, clockOf(index)),
    "The profile's total in 3 dumps: first 10 B at dump 1 of 4, last 20 B at dump 3 of 4, most 30 B at dump 2 of 4; " +
      "restarted before dump 3 of 4; 1 left out.",
  );
});

test("other runs are told of", () => {
  const runs = (...verdicts) => ({ runs: ["leak", ...verdicts].map((verdict) => ({ verdict })) });
  assert.equal(verdicts.otherRunsOf(runs()), "");
  assert.equal(verdicts.otherRunsOf(runs("leak")), "1 other run of the program: one leaks.");
  assert.equal(
    verdicts.otherRunsOf(runs("leak", "no-leak", "inconclusive")),
    "3 other runs of the program: one leaks, in one no leak was found, one is too little to judge.",
  );
  assert.equal(verdicts.otherRunsOf(runs("no-leak")), "1 other run of the program: no leak was found there.");
  assert.equal(verdicts.otherRunsOf(runs("inconclusive")), "1 other run of the program: too little to judge.");
  const other = { exe: "/opt/tsdb/bin/tsdb", verdict: "inconclusive", captures: ["x"], warmup: [] };
  assert.equal(
    verdicts.otherRunsOf({ runs: [run, other] }),
    "1 dump of another program, tsdb: too little to judge.",
  );
  const gone = { ...other, inconclusive: { before_filters: 5000 } };
  assert.equal(
    verdicts.otherRunsOf({ runs: [run, gone] }),
    "1 dump of another program, tsdb: no stack of it is left after the filters.",
  );
  assert.equal(
    verdicts.otherRunsOf({ runs: [run, gone, gone] }),
    "2 dumps of another program, tsdb: no stack of them is left after the filters.",
  );
  assert.equal(
    verdicts.otherRunsOf({ runs: [run, gone, other, { ...other, verdict: "no-leak" }] }),
    "3 dumps of another program, tsdb: in one no leak was found, one is too little to judge, of one no stack is left " +
      "after the filters.",
  );
});

const APP = { pid: 1, start: 5, host: "h", exe: "/opt/app" };

/** A series whose captures are of these processes, each a run (-1: left out, of nobody that is known). */
function processIndex(of, processes) {
  const captures = of.map((process, i) =>
    captureOf(`d${i}`, {
      run: process,
      process,
      total: 10 + i,
      time: i * 1000,
      rss: 100,
      left_out: process < 0 ? "damaged: it is cut" : "",
    }),
  );
  return indexOf([["main"]], { clock: "trailer", captures, processes, title: "", leaks });
}

test("processes one after another are one course, those beside each other several", () => {
  const processes = [APP, { ...APP, pid: 2 }];
  const after = coursesOf(processIndex([0, 0, -1, 1, 1], processes));
  assert.deepEqual(after.courses, [{ captures: [0, 1, 3, 4], restarts: [{ before: 1, capture: 3 }], runs: [0, 1] }]);
  const beside = coursesOf(processIndex([0, 1, 0, 1], processes));
  assert.deepEqual(beside.courses.map(({ captures, restarts }) => [captures, restarts]), [
    [[0, 2], []],
    [[1, 3], []],
  ]);
  // Another program is no restart, whenever it ran.
  const other = coursesOf(processIndex([1, 0, 0], [APP, { ...APP, exe: "/opt/tsdb" }]));
  assert.deepEqual(other.courses.map(({ captures, restarts }) => [captures, restarts]), [
    [[1, 2], []],
    [[0], []],
  ]);
  // Sampling that was off ends a run, not the process.
  const paused = processIndex([0, 0, 1, 1], processes);
  for (const capture of paused.captures) capture.process = 0;
  assert.deepEqual(coursesOf(paused).courses[0].restarts, []);
  // Without a judgement there is one course.
  const unjudged = processIndex([-1, -1, -1], []);
  for (const capture of unjudged.captures) capture.left_out = "";
  assert.equal(coursesOf({ ...unjudged, leaks: null }).courses.length, 1);
});

test("a dump that is left out is a gap, and no other process is", () => {
  const index = processIndex([0, 1, -1, 0, 1, 0], [APP, { ...APP, pid: 2 }]);
  const found = coursesOf(index);
  const curves = curvesOf(index, found, 0);
  assert.deepEqual(
    curves.map(({ name, isFaint }) => [name, isFaint]),
    [
      ["profile of pid 1", false],
      ["RSS", false],
      ["pid 2", true],
    ],
  );
  assert.deepEqual(curves[0].values, [10, undefined, null, 13, undefined, 15]);
  assert.deepEqual(curves[1].values, [100, undefined, undefined, 100, undefined, 100]);
  assert.deepEqual(curves[2].values, [undefined, 11, null, undefined, 14, undefined]);
  assert.deepEqual([0, 1, 2, 4].map((i) => valueNear(curves[0].values, i, () => false)), [10, 10, null, 13]);
  assert.deepEqual([false, true].map((isNear) => valueNear(curves[2].values, 5, () => isNear)), [null, 14]);
  // What the allocator counts stands where sampling was off.
  index.captures[2].process = 0;
  assert.equal(curvesOf(index, coursesOf(index), 0)[1].values[2], 100);
  // A copy of a dump is no gap beside it.
  index.captures[2].time = index.captures[1].time;
  assert.equal(curvesOf(index, coursesOf(index), 0)[0].values[2], undefined);
  assert.deepEqual(captureNotes(index, 1), ["pid 2"]);
  assert.deepEqual(captureNotes(index, 2), ["pid 1", "left out: damaged: it is cut"]);
  const many = processIndex([0, 1, 2, 3, 4, 5, 0], Array.from({ length: 6 }, (_, pid) => ({ ...APP, pid, exe: `/${pid}` })));
  assert.deepEqual(
    [...new Set(curvesOf(many, coursesOf(many), 0).map(({ key }) => key))],
    ["total", "rss", "others"],
  );
});

test("the chart shows the time that is looked at", () => {
  assert.deepEqual(shownCaptures([0, 1000, 1010, 1020], [1, 2, 3]), [1, 3]);
  assert.deepEqual(shownCaptures([0, 1000, 1010, 1020], [1, 2, 3, 0]), [0, 3]);
  assert.deepEqual(shownCaptures([0, 10, 20, 40, 60, 1000], [0, 1]), [0, 4]);
  assert.deepEqual(shownCaptures([0, 10, 20], [1]), [0, 2]);
});

test("the headline says whose dumps these are", () => {
  const of = (index) => subjectOf(index, clockOf(index, "UTC")).join(" · ");
  assert.equal(
    of(processIndex([0, 1, 0, 1], [APP, { ...APP, pid: 2 }])),
    "app · 2 processes · on h · 4 dumps · 1 Jan 1970, 00:00:00.0 – 00:00:03.0 UTC (3.0 s) · 1 stacks",
  );
  assert.equal(
    of(processIndex([1, 0, 0], [APP, { ...APP, exe: "/opt/tsdb" }])),
    "app · pid 1 · on h · 3 dumps, 1 of tsdb · 1 Jan 1970, 00:00:01.0 – 00:00:02.0 UTC (1.0 s) · 1 stacks",
  );
  const two = { ...processIndex([0, 0], [APP]), leaks: null };
  two.captures[0].name = "a/base.heap";
  two.captures[1].name = "a/leak.heap";
  assert.match(of(two), /pid 1 · on h · base\.heap → leak\.heap · 1 Jan 1970/);
  const clock = clockOf(two, "UTC");
  assert.deepEqual([clock.short(0), clock.long(1)], ["base.heap", "leak.heap, 1 Jan 1970, 00:00:01.0 UTC"]);
  // When files were changed last tells little of two of them.
  assert.equal(clockOf({ ...two, clock: "file" }, "UTC").long(1), "leak.heap");
  two.captures[1].name = "b/base.heap";
  assert.equal(clockOf({ ...two, clock: "file" }, "UTC").short(1), "b/base.heap");
});

test("functions without names are nobody's", () => {
  const index = ownedIndex([["main", "x"], ["y"]], { main: "u", x: "u", y: "u" });
  const found = chargesOf(index, null, valuesOf([[0, 6, 1], [1, 4, 1]]));
  assert.deepEqual(found.owners, { u: 10 });
  assert.equal(ownerShares(found.owners, 10)[0].name, "not known: no names of functions");
  assert.match(ownSentence(found.owners, 10), /is not known: there are no names of functions/);
});

test("why there are no lines, and whose files come first", () => {
  const index = ownedIndex([["main", "push"]], {});
  const of = (changes) => noLinesText({ ...index, ...changes });
  assert.match(of({ granularity: "crate" }), /leave out --granularity/);
  assert.match(of({ modules: [] }), /^The input has/);
  assert.match(of({ modules: [{ state: "not-looked" }] }), /no symbols were read/);
  assert.match(of({}), /debug information/);
  const files = ownedIndex([["push@vec.rs:1", "main@main.rs:2"]], { push: "s" });
  const all = files.functions.file.map((file) => ({ file, cum: { before: 0, after: 1 }, lines: [] }));
  assert.deepEqual(ownFirst(files, all).map(({ file }) => files.strings[file]), ["main.rs", "vec.rs"]);
});

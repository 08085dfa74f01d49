// What the verdict says and rests on, in words; as out/leaks/text.rs says it. Nothing here knows the page.

import { amount, grouped, signed } from "./model.js";
import { lastPart } from "./program.js";
import { counted, durationText, rangeText, rateRange, rateText } from "./rate.js";

/** @typedef {import("./types.js").LeaksData} LeaksData */

/**
 * A figure: what it is, how much, and what belongs to it.
 * @typedef {{name: string, value: string, more: string[], hint?: string}} Fact
 */

/** @type {Record<string, string>} */
const VERDICTS = { leak: "Leak", "no-leak": "No leak found", inconclusive: "Inconclusive" };

/**
 * The verdict as a word and the sentence without it.
 * @param {LeaksData} leaks @returns {{verdict: string, word: string, sentence: string}}
 */
export function verdictOf(leaks) {
  const verdict = Object.hasOwn(VERDICTS, leaks.verdict) ? leaks.verdict : "inconclusive";
  const sentence = String(leaks.sentence ?? "");
  const rest = sentence.replace(/^(leak|no leak found|inconclusive)(: |$)/, "");
  return { verdict, word: VERDICTS[verdict], sentence: rest || sentence };
}

/**
 * Whether frames have the names that leaks are told by: these are functions, whatever `--granularity` says.
 * @param {Pick<import("./types.js").Index, "granularity">} index
 */
export function isOfFunctions({ granularity }) {
  return !granularity || granularity === "function";
}

/** Whether rates of a run are by time. @param {any} run */
export function hasTimes(run) {
  return run?.clock !== "order";
}

/** What growth is from and to: it is not the difference of two dumps, which chance has a larger part in. */
export const GROWTH_HINT =
  "from the mean of the first quarter of the judged dumps to that of the last quarter: two single dumps, as A and B, differ " +
  "by more of what grows, and by chance";

/**
 * The figures of a culprit.
 * @param {any} culprit @param {any} run @param {(capture: number) => string} when tells a capture's time
 * @returns {Fact[]}
 */
export function factsOf(culprit, run, when) {
  const isTimed = hasTimes(run);
  const range = rateRange(culprit.rate, isTimed);
  const [low, high] = culprit.live.interval;
  const live = rangeText(low, high, false);
  const objects =
    culprit.live.objects >= 0.5 ? [`${isExact(run) ? "" : "≈ "}${amount(culprit.live.objects, false)}`] : [];
  const share = shareText(culprit.share_of_growth);
  return [
    { name: "grows by", value: rateText(culprit.rate.value, isTimed), more: range ? [`95 %: ${range}`] : [] },
    { name: "surely", value: `≥ ${rateText(culprit.score, isTimed)}`, more: [suretyOf(run)] },
    {
      name: "holds now",
      value: amount(culprit.live.value, true),
      more: [...(live ? [`95 %: ${live}`] : []), ...objects],
    },
    {
      name: "grew",
      value: signed(culprit.growth, true),
      more: [...(share ? [`${share} of all growth`] : []), "mean of first to last quarter", ...endsText(culprit.history)],
      hint: GROWTH_HINT,
    },
    { name: "since", value: sinceOf(culprit, run, when), more: [spanOf(run)] },
  ];
}

/**
 * What a comparison of the first with the last dump shows, so that nobody takes it for the growth.
 * @param {number[]} history
 */
function endsText(history) {
  const last = history.length - 1;
  return last > 0 ? [`first to last dump: ${signed(history[last] - history[0], true)}`] : [];
}

/** What the surety rests on. @param {any} run */
export function suretyOf(run) {
  return isExact(run) ? "every allocation was counted" : "what sampling could feign is taken off";
}

/** @param {any} run */
function isExact(run) {
  return !(run?.rate > 1);
}

/** Part of all growth, `93 %`; empty where it means nothing. @param {number | null | undefined} share */
export function shareText(share) {
  return typeof share === "number" && share > 0 && share <= 1 ? `${Math.round(100 * share)} %` : "";
}

/** @param {any} culprit @param {any} run @param {(capture: number) => string} when */
export function sinceOf(culprit, run, when) {
  if (culprit.since === 0) return "the first dump";
  return hasTimes(run) ? when(culprit.since) : `dump ${culprit.since + 1} of ${run.captures.length}`;
}

/** `24 dumps over 2 h`. @param {any} run */
export function spanOf(run) {
  const count = counted(run.captures.length, "dump");
  const last = run.times[run.times.length - 1];
  return hasTimes(run) && run.times.length > 0 ? `${count} over ${durationText(last)}` : count;
}

/** What was judged, and how it was sampled. @param {any} run @returns {string[]} */
export function groundsOf(run) {
  const program = run.exe ? String(run.exe).split("/").pop() : "";
  const who = [
    program,
    run.pid === null || run.pid === undefined ? "" : `pid ${run.pid}`,
    run.host ? `on ${run.host}` : "",
  ];
  const size = amount(run.rate, true);
  const rate = isExact(run)
    ? "every allocation counted"
    : run.rate_is_assumed
      ? `one sample in ${size} assumed, since the inputs do not tell`
      : `one sample in ${size}`;
  const warmup = run.warmup.length;
  const young =
    warmup === 0
      ? ""
      : warmup === 1
        ? "the first dump not judged (warm-up)"
        : `the first ${warmup} dumps not judged (warm-up)`;
  return [who.filter(Boolean).join(" "), spanOf(run), rate, CLOCKS[run.clock] ?? "", young].filter(Boolean);
}

/** @type {Record<string, string>} */
const CLOCKS = {
  trailer: "times from the dumps themselves",
  name: "times from the files’ names",
  file: "times of the files’ last change",
  given: "times as given",
  order: "no times known: taken in order, at equal distances",
};

/** What would decide an inconclusive run, one way a line. @param {any} run @returns {string[]} */
export function decidersOf(run) {
  const needs = run?.inconclusive;
  if (!needs) return [];
  if (isFilteredOut(run)) return ["Choose functions or threads that there are."];
  const ways = [];
  if (needs.more_captures > 0) {
    const about = needs.name ? "about " : "";
    const dumps = needs.more_captures === 1 ? "dump" : "dumps";
    ways.push(`Take ${about}${grouped(needs.more_captures)} more ${dumps}, at the same distance.`);
  }
  if (typeof needs.lg_prof_sample === "number") {
    ways.push(`Or sample finer: start the program with lg_prof_sample:${needs.lg_prof_sample} in its MALLOC_CONF.`);
  }
  if (ways.length === 0) ways.push("Take more dumps, spread over the time in which memory grows.");
  return ways;
}

/** What would find slower leaks than those that would have been found. @param {any} run */
export function unseenOf(run) {
  if (!(run?.least_rate > 0)) return "";
  return "More dumps over a longer time, or a smaller lg_prof_sample, find slower leaks.";
}

/** A run's program, "" if it is not known. @param {any} run */
export function programOfRun(run) {
  return lastPart(String(run?.exe ?? ""));
}

/** Other programs that are told of by name. */
const MOST_PROGRAMS = 3;

/** What became of the runs that the verdict is not from; empty if there are none. @param {LeaksData} leaks */
export function otherRunsOf(leaks) {
  const [first, ...others] = leaks.runs ?? [];
  /** @type {Map<string, any[]>} */
  const byProgram = new Map();
  for (const run of others) {
    const program = programOfRun(run);
    const known = byProgram.get(program);
    if (known) known.push(run);
    else byProgram.set(program, [run]);
  }
  const own = byProgram.get(programOfRun(first)) ?? [];
  byProgram.delete(programOfRun(first));
  const sentences = own.length > 0 ? [`${counted(own.length, "other run")} of the program: ${outcomeOf(own)}.`] : [];
  for (const [program, runs] of [...byProgram].slice(0, MOST_PROGRAMS)) {
    const dumps = runs.reduce((sum, run) => sum + (run.captures?.length ?? 0) + (run.warmup?.length ?? 0), 0);
    const name = program ? `, ${program}` : "";
    sentences.push(`${counted(dumps, "dump")} of another program${name}: ${outcomeOf(runs)}.`);
  }
  if (byProgram.size > MOST_PROGRAMS) sentences.push(`And of ${byProgram.size - MOST_PROGRAMS} more programs.`);
  return sentences.join(" ");
}

/** Whether a run had stacks, of which filters left none. @param {any} run */
export function isFilteredOut(run) {
  return run?.inconclusive?.before_filters > 0;
}

/** @param {number} runs how many it is said of */
export function filteredOutText(runs) {
  return `no stack of ${runs === 1 ? "it" : "them"} is left after the filters`;
}

/** What was found in runs. @param {any[]} runs */
function outcomeOf(runs) {
  const count = (/** @type {string} */ verdict) => runs.filter((run) => run.verdict === verdict).length;
  const [leaking, fine] = [count("leak"), count("no-leak")];
  const gone = runs.filter(isFilteredOut).length;
  const little = runs.length - leaking - fine - gone;
  if (gone === runs.length) return filteredOutText(gone);
  if (little === runs.length) return "too little to judge";
  if (fine === runs.length) return "no leak was found there";
  const in_ = (/** @type {number} */ n) => (n === 1 ? "one" : String(n));
  return [
    leaking > 0 ? `${in_(leaking)} ${leaking === 1 ? "leaks" : "leak"}` : "",
    fine > 0 ? `in ${in_(fine)} no leak was found` : "",
    little > 0 ? `${in_(little)} ${little === 1 ? "is" : "are"} too little to judge` : "",
    gone > 0 ? `of ${in_(gone)} no stack is left after the filters` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Labels in words. @type {Record<string, string>} */
export const LABELS = {
  leak: "leak",
  "growing-container": "growing container",
  "warm-up": "warm-up",
  sawtooth: "sawtooth",
  step: "step",
  load: "load",
  noise: "noise",
  inconclusive: "inconclusive",
};

/** Why a kind of growth is no leak. @type {Record<string, string>} */
const DISMISSALS = {
  leak: "a part of what leaks, too small to be named",
  "growing-container": "a part of what leaks, too small to be named",
  "warm-up": "grew, but ever less: a cache that fills, a start",
  sawtooth: "rises and falls, and its low points do not rise",
  step: "rose at once and has stayed there",
  load: "follows the requests a second",
  noise: "no growth beyond noise, or too small to tell",
  inconclusive: "may grow; more dumps would tell",
};

/** What a culprit's label means. @param {string} label */
export function labelText(label) {
  if (label === "leak") return "grows beyond what sampling can feign, and still does";
  if (label === "growing-container") return "few large objects that double: the items in it leak";
  return dismissalOf(label);
}

/** @param {string} label */
export function dismissalOf(label) {
  return Object.hasOwn(DISMISSALS, label) ? DISMISSALS[label] : label;
}

/** Owners in words. @type {Record<string, string>} */
export const OWNERS = {
  "first-party": "the program’s own",
  "third-party": "third party",
  std: "standard library",
  runtime: "runtime",
  allocator: "allocator",
  p: "the program’s own",
  t: "third party",
  s: "standard library",
  r: "runtime",
  a: "allocator",
  u: "not known: no names of functions",
};

/** Crate and version of a culprit, `tokio 1.47.1`. @param {any} culprit */
export function culpritCrate(culprit) {
  return [culprit.crate, culprit.crate && culprit.crate_version].filter(Boolean).join(" ");
}

/** Captures that were left out, by reason. @param {LeaksData} leaks @returns {{why: string, names: string[]}[]} */
export function leftOutOf(leaks) {
  /** @type {Map<string, string[]>} */
  const reasons = new Map();
  for (const { capture, why } of leaks.left_out ?? []) {
    const names = reasons.get(why);
    if (names) names.push(capture);
    else reasons.set(why, [capture]);
  }
  return [...reasons].map(([why, names]) => ({ why, names }));
}

/** The judgement as the command line prints it: without the places, which are of the page alone. @param {any} leaks */
export function printedJudgement(leaks) {
  const runs = leaks.runs.map((/** @type {any} */ { places: _, warmup_places: _warmup, ...run }) => run);
  return { ...leaks, runs };
}

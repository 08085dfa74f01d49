// What the verdict says and rests on, in words; as out/leaks/text.rs says it. Nothing here knows the page.

import { amount, grouped, signed } from "./model.js";
import { counted, durationText, rangeText, rateRange, rateText } from "./rate.js";

/** @typedef {import("./types.js").LeaksData} LeaksData */

/**
 * A figure: what it is, how much, and what belongs to it.
 * @typedef {{name: string, value: string, more: string[]}} Fact
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

/** Whether rates of a run are by time. @param {any} run */
export function hasTimes(run) {
  return run?.clock !== "order";
}

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
    { name: "grew", value: signed(culprit.growth, true), more: share ? [`${share} of all growth`] : [] },
    { name: "since", value: sinceOf(culprit, run, when), more: [spanOf(run)] },
  ];
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

/** What became of the runs that the verdict is not from; empty if there are none. @param {LeaksData} leaks */
export function otherRunsOf(leaks) {
  const others = (leaks.runs ?? []).slice(1);
  if (others.length === 0) return "";
  const leaking = others.filter((/** @type {any} */ run) => run.verdict === "leak").length;
  const said = leaking === 0 ? "no leak was found there" : leaking === 1 ? "one leaks" : `${leaking} leak`;
  const were = others.length === 1 ? "was" : "were";
  return `${counted(others.length, "other run")} of the program ${were} judged, too: ${said}.`;
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

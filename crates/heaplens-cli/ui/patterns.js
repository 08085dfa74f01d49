// Regular expressions that come from people and from links, so that none of them can stop the page.
//
// The program's own need time in proportion to the text; those of browsers go back and try again, which can take for
// ever. So what multiplies itself is refused, and the rest has an amount of time for all names.

/** What a pattern may take for all names, in milliseconds. */
const MOST_TIME = 400;
/** Up to so often something may be repeated without being a repetition without an end. */
const MOST_SHORT = 20;
/** Repetitions without an end that a pattern may have: each multiplies the time by the length of the text. */
const MOST_REPEATED = 6;
/**
 * Ways to read one text that the rest of a pattern may have: each thing that may be there or not, or so many times, or
 * in several forms, multiplies them.
 */
const MOST_WAYS = 1e4;
/** So many steps one text may take without a look at the clock. */
const SAFE_STEPS = 2e7;
/** By so much a part of a long text is longer than the one before. */
const LONGER = 1.4;

/** A pattern that is refused; its message says why. */
export class PatternError extends Error {}

/** A pattern that gives up when all its tests have taken too long. */
export class TimedPattern extends RegExp {
  /** @param {string} source @param {string} flags */
  constructor(source, flags) {
    super(source, flags);
    const { repeated, ways, steps } = costOf(source);
    if (repeated > MOST_REPEATED) throw new PatternError("has too many repetitions");
    if (ways > MOST_WAYS) throw new PatternError("can be read in too many ways");
    this.spent = 0;
    // Without an anchor each place of the text is tried, too. The next longer text takes so many times as long; in
    // short ones what is repeated up to some number is as what is repeated without an end.
    this.growth = LONGER ** (repeated + 1 + Math.log(ways) / Math.log(MOST_SHORT));
    // Places in order: of all that could be chosen, one in (repeated + 1)! is.
    let orders = 1;
    for (let k = 2; k <= repeated + 1; k++) orders *= k;
    this.safe = Math.max(Math.floor(((SAFE_STEPS * orders) / ways / steps) ** (1 / (repeated + 1))), 4);
  }

  /** @param {string} text */
  test(text) {
    // Of a long text the time that it will take is told by that of its beginning; of what is new in each part no more
    // than is safe, as what takes long may begin there.
    for (let n = this.safe; n < text.length; n = Math.min(n * LONGER, n + this.safe))
      this.timed(text.slice(0, n), this.growth);
    return this.timed(text, 1);
  }

  /** @param {string} text @param {number} growth how many times as long the next text can take */
  timed(text, growth) {
    // Once more before it is refused: the first time may have been long by chance.
    for (let turn = 0; turn < 2; turn++) {
      const start = performance.now();
      const isFound = super.test(text);
      const time = performance.now() - start;
      this.spent += time;
      if (this.spent > MOST_TIME) break;
      if (time * growth <= MOST_TIME) return isFound;
    }
    throw new PatternError("takes too long: make it simpler");
  }
}

/**
 * What is around a place of a pattern: in how many ways its present choice can be read, and all those before it; their
 * texts, and where that of the present one starts; whether anything in it repeats without an end.
 * @typedef {{ways: number, before: number, choices: string[], start: number, repeats: boolean}} Group
 */

/** How often, or at least and at most; that in braces is text if it does not fit. */
const QUANTIFIER = /[*+?]|\{(\d+)(,?)(\d*)\}/y;
const OPENING = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[ims-]+:))?/y;

/**
 * What a pattern may cost: how many repetitions without an end it has, in how many ways the rest can be read, and how
 * many steps one way has at most. Throws if something is repeated that can itself be read in several ways.
 * @param {string} source a regular expression
 */
export function costOf(source) {
  let repeated = 0;
  let steps = Math.max(source.length, 1);
  /** @type {Group[]} */
  const groups = [openGroup(0)];
  /** @type {Group | null} the group that was closed last */
  let closed = null;
  let isQuantified = false;
  for (let i = 0; i < source.length;) {
    const around = groups[groups.length - 1];
    const quantifier = matchAt(QUANTIFIER, source, i);
    if (quantifier) {
      i += quantifier[0].length;
      const isLazy = isQuantified && quantifier[0] === "?";
      isQuantified = true;
      if (isLazy) continue;
      const [least, most] = boundsOf(quantifier);
      if (most > 1 && closed && (closed.repeats || closed.ways > 1))
        throw new PatternError("repeats what repeats itself");
      if (most > MOST_SHORT) {
        repeated++;
        around.repeats = true;
      } else {
        // What may be missing is another way.
        steps *= Math.max(most, 1);
        around.ways *= Math.max(most - least + 1, least === 0 ? 2 : 1);
      }
      closed = null;
      continue;
    }
    closed = null;
    isQuantified = false;
    const c = source[i];
    if (c === "(") {
      i += matchAt(OPENING, source, i)?.[0].length ?? 1;
      groups.push(openGroup(i));
      continue;
    }
    if (c === ")" && groups.length > 1) {
      closed = closedGroup(around, source, i);
      groups.pop();
      const outer = groups[groups.length - 1];
      outer.ways *= closed.ways;
      outer.repeats ||= closed.repeats;
    } else if (c === "|") {
      endChoice(around, source, i);
    } else if (c === "\\") {
      if (/[1-9k]/.test(source[i + 1] ?? "")) throw new PatternError("refers back to a group");
      i++;
    } else if (c === "[") {
      i = classEnd(source, i);
    }
    i++;
  }
  return { repeated, ways: closedGroup(groups[0], source, source.length).ways, steps };
}

/** @param {RegExp} pattern a sticky one @param {string} text @param {number} place */
function matchAt(pattern, text, place) {
  pattern.lastIndex = place;
  return pattern.exec(text);
}

/** How often at least and at most. @param {RegExpExecArray} quantifier @returns {[number, number]} */
function boundsOf([text, least, comma, most]) {
  if (text === "?") return [0, 1];
  if (!least) return [text === "+" ? 1 : 0, Infinity];
  return [Number(least), most ? Number(most) : comma ? Infinity : Number(least)];
}

/** @param {number} start @returns {Group} */
function openGroup(start) {
  return { ways: 1, before: 0, choices: [], start, repeats: false };
}

/** @param {Group} group @param {string} source @param {number} end of the present choice */
function endChoice(group, source, end) {
  group.choices.push(source.slice(group.start, end));
  group.before += group.ways;
  group.ways = 1;
  group.start = end + 1;
}

/** @param {Group} group @param {string} source @param {number} end @returns {Group} */
function closedGroup(group, source, end) {
  endChoice(group, source, end);
  const { choices, before, repeats } = group;
  const isClear = before === choices.length && !repeats && !isUnclear(choices);
  return { ...group, ways: isClear ? 1 : before };
}

/** True if not each choice has a first character of its own, whatever its case. @param {string[]} choices */
function isUnclear(choices) {
  if (choices.length < 2) return false;
  const firsts = choices.map((choice) => (choice[0] ?? "").toLowerCase());
  return firsts.some((first) => !/[\w:<>]/.test(first)) || new Set(firsts).size < firsts.length;
}

/** The place of the bracket that ends a class. @param {string} source @param {number} start */
function classEnd(source, start) {
  let i = start + 1;
  while (i < source.length && source[i] !== "]") i += source[i] === "\\" ? 2 : 1;
  return i;
}

// Regular expressions that come from people and from links, so that none of them can stop the page.
//
// The program's own need time in proportion to the text; those of browsers go back and try again, which can take for
// ever. So what multiplies itself is refused, and the rest has an amount of time for all names.

/** What a pattern may take for all names, in milliseconds. */
const MOST_TIME = 400;
/** Repetitions without an end that a pattern may have: each multiplies the time by the length of the text. */
const MOST_REPEATED = 6;
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
    const repeated = repetitionsOf(source);
    if (repeated > MOST_REPEATED) throw new PatternError("has too many repetitions");
    this.spent = 0;
    // Without an anchor each place of the text is tried, too. The next longer text takes so many times as long.
    this.growth = LONGER ** (repeated + 1);
    this.safe = Math.max(Math.floor(SAFE_STEPS ** (1 / (repeated + 1))), 20);
  }

  /** @param {string} text */
  test(text) {
    // Of a long text the time that it will take is told by that of its beginning.
    for (let n = this.safe; n < text.length; n *= LONGER) this.timed(text.slice(0, n), this.growth);
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
 * How many repetitions without an end a pattern has. Throws if one is of something that can be read in two ways.
 * @param {string} source a regular expression
 */
export function repetitionsOf(source) {
  let count = 0;
  /** @type {{start: number, repeats: boolean, choices: string[] | null}[]} what is around the present place */
  const groups = [{ start: 0, repeats: false, choices: null }];
  /** @type {{repeats: boolean, choices: string[] | null} | null} the group that was closed last */
  let closed = null;
  for (let i = 0; i < source.length;) {
    const around = groups[groups.length - 1];
    const repeat = /^(?:[*+]|\{(\d*),?(\d*)\})/.exec(source.slice(i, i + 24));
    if (repeat && isLong(repeat)) {
      if (closed && (closed.repeats || isUnclear(closed.choices)))
        throw new PatternError("repeats what repeats itself");
      count++;
      around.repeats = true;
    }
    if (repeat) {
      i += repeat[0].length;
      closed = null;
      continue;
    }
    closed = null;
    const c = source[i];
    if (c === "(") {
      const opening = /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(source.slice(i, i + 200)) ?? ["("];
      i += opening[0].length;
      groups.push({ start: i, repeats: false, choices: null });
      continue;
    }
    if (c === ")" && groups.length > 1) {
      groups.pop();
      if (around.choices) around.choices.push(source.slice(around.start, i));
      groups[groups.length - 1].repeats ||= around.repeats;
      closed = around;
    } else if (c === "|") {
      (around.choices ??= []).push(source.slice(around.start, i));
      around.start = i + 1;
    } else if (c === "?") {
      // What may be missing can be read in two ways, once it is repeated.
      around.repeats ||= groups.length > 1 && !/[*+?}]/.test(source[i - 1] ?? "");
    } else if (c === "\\") {
      if (/[1-9k]/.test(source[i + 1] ?? "")) throw new PatternError("refers back to a group");
      i++;
    } else if (c === "[") {
      i = classEnd(source, i);
    }
    i++;
  }
  return count;
}

/** @param {RegExpExecArray} repeat */
function isLong([text, least, most]) {
  if (text === "*" || text === "+") return true;
  if (!least && !most) return false;
  return text.endsWith(",}") || Number(most || least) > 20;
}

/** True if not each choice has a first character of its own. @param {string[] | null} choices */
function isUnclear(choices) {
  if (!choices) return false;
  const firsts = choices.map((choice) => choice[0] ?? "");
  return firsts.some((first) => !/[\w:<>]/.test(first)) || new Set(firsts).size < firsts.length;
}

/** The place of the bracket that ends a class. @param {string} source @param {number} start */
function classEnd(source, start) {
  let i = start + 1;
  while (i < source.length && source[i] !== "]") i += source[i] === "\\" ? 2 : 1;
  return i;
}

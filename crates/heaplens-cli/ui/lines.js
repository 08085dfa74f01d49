// What the lines of source files hold. Nothing here knows the page.

/** @typedef {import("./types.js").Index} Index */
/** @typedef {import("./types.js").Values} Values */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./top.js").Change} Change */

/** A line's own amount and that of all it calls. @typedef {{line: number, flat: Change, cum: Change}} LineAmount */
/**
 * A file with its lines that allocate, in order.
 * @typedef {{file: number, cum: Change, lines: LineAmount[]}} FileAmount
 */

const zero = () => ({ before: 0, after: 0 });

/**
 * Files by what their lines hold, the largest first; a line that stands twice in a stack counts once.
 * @param {Index} index @param {Values | null} before @param {Values} after @param {State} state
 * @param {import("./fold.js").Chosen | null} chosen which stacks are left by the filters
 * @returns {FileAmount[]}
 */
export function filesOf({ frames, functions, stacks, sites }, before, after, state, chosen) {
  /** @type {Map<number, Map<number, LineAmount>>} */
  const files = new Map();
  /** @type {Map<number, Change>} */
  const totals = new Map();
  const isBytes = state.sample.endsWith("space");
  const isAll = state.sample.startsWith("alloc");

  /** @param {Values} values @param {"before" | "after"} side */
  const add = (values, side) => {
    const column = isAll
      ? isBytes
        ? values.alloc_bytes
        : values.alloc_objects
      : isBytes
        ? values.bytes
        : values.objects;
    if (!column) return;
    for (let i = 0; i < values.count; i++) {
      const site = values.site[i];
      let cut = state.allocator ? 0 : sites.cut[site];
      const seen = new Set();
      let isInnermost = true;
      let isLeaf = true;
      for (let stack = sites.stack[site]; stack >= 0; stack = stacks.parent[stack]) {
        if (cut-- > 0 && stacks.parent[stack] >= 0) continue;
        if (chosen && isLeaf && !chosen.keeps(stack)) break;
        isLeaf = false;
        if (chosen && !chosen.shows(stack)) continue;
        const frame = stacks.frame[stack];
        const file = functions.file[frames.function[frame]] ?? -1;
        const line = frames.line[frame];
        const isFlat = isInnermost;
        isInnermost = false;
        if (file < 0 || !(line > 0)) continue;
        let lines = files.get(file);
        if (!lines) files.set(file, (lines = new Map()));
        let known = lines.get(line);
        if (!known) lines.set(line, (known = { line, flat: zero(), cum: zero() }));
        if (isFlat) known.flat[side] += column[i];
        if (!seen.has(known)) known.cum[side] += column[i];
        seen.add(known);
        if (!seen.has(lines)) {
          const total = totals.get(file) ?? zero();
          total[side] += column[i];
          totals.set(file, total);
        }
        seen.add(lines);
      }
    }
  };
  if (before) add(before, "before");
  add(after, "after");
  const size = (/** @type {Change} */ change) => Math.abs(change.after - change.before);
  return [...files]
    .map(([file, lines]) => ({
      file,
      cum: totals.get(file) ?? zero(),
      lines: [...lines.values()].sort((x, y) => x.line - y.line),
    }))
    .sort((x, y) => size(y.cum) - size(x.cum) || x.file - y.file);
}

/**
 * The lines of a file to show: those that are known around those that allocate, or these alone. `text` is null where
 * the source is not known; `isGap` marks lines after left-out ones.
 * @param {Index} index @param {FileAmount} file
 * @returns {{line: number, text: string | null, amount: LineAmount | null, isGap: boolean}[]}
 */
export function linesOf({ sources }, file) {
  /** @type {Map<number, {line: number, text: string | null, amount: LineAmount | null}>} */
  const lines = new Map();
  for (const source of sources) {
    if (source.file !== file.file) continue;
    source.lines.forEach((text, i) => lines.set(source.first + i, { line: source.first + i, text, amount: null }));
  }
  for (const amount of file.lines)
    lines.set(amount.line, { line: amount.line, text: lines.get(amount.line)?.text ?? null, amount });
  const shown = [...lines.values()].sort((x, y) => x.line - y.line);
  return shown.map((line, i) => ({ ...line, isGap: i > 0 && shown[i - 1].line + 1 !== line.line }));
}

/**
 * Files of the program's own first, those of the standard library and the allocator last.
 * @param {Index} index @param {FileAmount[]} files
 */
export function ownFirst({ functions }, files) {
  /** @type {Map<number, number>} */
  const ranks = new Map();
  for (const [i, file] of functions.file.entries()) {
    const letter = functions.owner[i];
    const rank = letter === "p" ? 0 : letter === "t" || letter === "u" ? 1 : letter === "r" ? 2 : 3;
    ranks.set(file, Math.min(ranks.get(file) ?? 3, rank));
  }
  const rankOf = (/** @type {FileAmount} */ { file }) => ranks.get(file) ?? 3;
  return [...files].sort((x, y) => rankOf(x) - rankOf(y));
}

/** Why there is no line to show. @param {Index} index */
export function noLinesText({ frames, functions, granularity, modules }) {
  if (frames.function.some((f, i) => frames.line[i] > 0 && functions.file[f] >= 0))
    return "No frame that is shown has a source line.";
  if (granularity && granularity !== "function")
    return (
      `Names stand for ${granularity === "address" ? "addresses" : `${granularity}s`} here, which have no lines to ` +
      "themselves: leave out --granularity to see them."
    );
  // What has addresses has modules.
  if (modules.length === 0) return "The input has names of functions, but no source lines.";
  if (modules.every(({ state }) => state === "not-looked" || state === "missing"))
    return "No frame has a source line, since no symbols were read: Modules tells why.";
  return 'No frame has a source line: build with debug information (debug = "limited" does).';
}

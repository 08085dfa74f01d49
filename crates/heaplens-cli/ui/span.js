// Which part of the time the chart shows.

/** What lies further away than so many times what is looked at is not shown with it. */
const FAR = 3;

/**
 * First and last capture to show: those of interest, and others as long as no gap is much longer than the time of these.
 * @param {number[]} positions in order @param {number[]} captures those of interest @returns {[number, number]}
 */
export function shownCaptures(positions, captures) {
  const last = positions.length - 1;
  let from = captures.reduce((least, capture) => Math.min(least, capture), last);
  let to = captures.reduce((most, capture) => Math.max(most, capture), 0);
  const gap = FAR * (positions[to] - positions[from]);
  if (!(gap > 0)) return [0, last];
  while (from > 0 && positions[from] - positions[from - 1] <= gap) from--;
  while (to < last && positions[to + 1] - positions[to] <= gap) to++;
  return [from, to];
}

// The path from the root to the zoomed frame.

import { html, shortened } from "./dom.js";
import { nameOf } from "./model.js";

/** @typedef {import("./tree.js").Graph} Graph */

/** So many of the innermost callers are shown. */
const INNERMOST = 3;

/** Names are cut to so many characters. */
const CRUMB_LENGTH = 42;

/**
 * The path as a list of buttons; of a long one, those in the middle are one.
 * @param {Graph} graph @param {number} zoom @param {(node: number) => void} go
 */
export function crumbsOf(graph, zoom, go) {
  /** @type {number[]} */
  const path = [];
  for (let i = zoom; ; i = graph.parent[i]) {
    path.unshift(i);
    if (i === 0 || path.length > INNERMOST) break;
  }
  let hidden = 0;
  for (let i = path[0]; i !== 0; i = graph.parent[i]) hidden++;
  const list = html("ol");
  const add = (/** @type {number} */ node, /** @type {string} */ text) => {
    const title = shortened(nameOf(graph, node), 1000);
    const crumb = html("button", { type: "button", title, "aria-current": node === zoom && "true" }, text);
    crumb.addEventListener("click", () => go(node));
    list.append(html("li", {}, crumb));
  };
  if (path[0] !== 0) add(0, nameOf(graph, 0));
  path.forEach((node, i) => {
    const isMany = i === 0 && hidden > 1;
    add(node, isMany ? `… ${hidden} more` : shortened(nameOf(graph, node), CRUMB_LENGTH));
  });
  return list;
}

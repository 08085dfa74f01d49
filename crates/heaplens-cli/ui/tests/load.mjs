// Loads modules of the page.

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);

/** A module of the page or of the library, by its name. */
export function load(name) {
  return import(`../${name}`);
}

// The program that is looked at.

/** @typedef {import("./types.js").Index} Index */

/** The name of a file without its directories. @param {string} path */
export const lastPart = (path) => path.split(/[/\\]/).pop() ?? "";

/** Its name as far as it is told, else "". (`index.program` is what wrote the data.) @param {Index} index */
export function programOf({ leaks, title, modules }) {
  const exe = leaks?.runs?.[0]?.exe;
  if (typeof exe === "string" && exe) return lastPart(exe);
  const named = title.match(/^Heap of (.+)$/)?.[1];
  // Libraries are no program, nor is what has no file.
  return named ?? modules.map(({ path }) => lastPart(path)).find((file) => isProgram(file)) ?? "";
}

/** @param {string} file */
function isProgram(file) {
  return file !== "" && !file.startsWith("[") && !/\.(?:so|dylib|dll)(?:\.|$)/.test(file);
}

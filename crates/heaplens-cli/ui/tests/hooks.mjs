// Finds modules as the page does: those of the library lie beside its own.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const library = new URL("../../../heaplens/src/out/svg/", import.meta.url);

export async function resolve(specifier, context, next) {
  if (!specifier.startsWith(".") || !specifier.endsWith(".js")) return next(specifier, context);
  const url = new URL(specifier, context.parentURL);
  const found = existsSync(fileURLToPath(url)) ? url : new URL(url.href.slice(url.href.lastIndexOf("/") + 1), library);
  return { url: found.href, format: "module", shortCircuit: true };
}

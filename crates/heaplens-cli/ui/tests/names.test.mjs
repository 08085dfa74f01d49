// All modules become one script: no two of them may have a top-level name in common.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const ui = new URL("../", import.meta.url);
const library = new URL("../../../heaplens/src/out/svg/", import.meta.url);

test("top-level names are unique, imports are plain", () => {
  const files = [
    ...readdirSync(ui).map((name) => new URL(name, ui)),
    ...readdirSync(new URL("export/", ui)).map((name) => new URL(`export/${name}`, ui)),
    ...["model.js", "layout.js", "describe.js"].map((name) => new URL(name, library)),
  ].filter((url) => url.pathname.endsWith(".js"));
  const owners = new Map();
  for (const url of files) {
    const text = readFileSync(url, "utf8");
    const file = url.pathname.split("/").pop();
    for (const [, name] of text.matchAll(/^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)/gm)) {
      assert.equal(owners.get(name), undefined, `${name} is in ${owners.get(name)} and in ${file}`);
      owners.set(name, file);
    }
    // Destructured names count, too.
    for (const [, names] of text.matchAll(/^(?:export )?(?:const|let) [[{](.*)[\]}] =/gm)) {
      for (const name of names
        .split(",")
        .map((part) => part.split(":").pop().trim())
        .filter(Boolean)) {
        assert.equal(owners.get(name), undefined, `${name} is in ${owners.get(name)} and in ${file}`);
        owners.set(name, file);
      }
    }
    assert.ok(
      !/^import .* as /m.test(text) &&
        !/^export default/m.test(text) &&
        !/\bimport\(/.test(text.replace(/\/\*\*.*?\*\//gs, "")),
      file,
    );
  }
});

// The static file joins all modules into one script: what that asks of them, beside names.test.mjs.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ui = new URL("../", import.meta.url);
const library = new URL("../../../heaplens/src/out/svg/", import.meta.url);
const named = (folder, names) => names.map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
const scripts = (folder) =>
  readdirSync(new URL(folder, ui))
    .filter((name) => name.endsWith(".js"))
    .map((name) => `${folder}${name}`);
const modules = [...named(ui, [...scripts(""), ...scripts("export/")]), ...named(library, ["model.js", "layout.js", "describe.js"])];

test("imports are of names as they are, and only that", () => {
  for (const { name, text } of modules) {
    for (const [statement] of text.matchAll(/^import\b[^;]*;/gm)) {
      assert.match(statement, /^import \{[\w\s,$]+\} from "\.{1,2}\/[\w/.-]+\.js";$/, `${name}: ${statement}`);
      assert.doesNotMatch(statement, /\bas\b/, `${name}: ${statement}`);
    }
    assert.doesNotMatch(text, /^export (default|\*|\{ *\w)/m, name);
    assert.doesNotMatch(
      text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "").replace(/\/\*\*.*?\*\//gs, ""),
      /\bimport\(|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function/,
      name,
    );
  }
});

test("each import has its module", () => {
  const exported = new Map(
    modules.map(({ name, text }) => [
      name.split("/").pop(),
      new Set(
        [...text.matchAll(/^export (?:async )?(?:function|const|let|class) +([\w$]+)/gm)].map(([, found]) => found),
      ),
    ]),
  );
  for (const { name, text } of modules) {
    for (const [, names, from] of text.matchAll(/^import \{([^}]*)\} from "([^"]+)";/gm)) {
      for (const wanted of names
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean)) {
        assert.ok(exported.get(from.split("/").pop())?.has(wanted), `${name} imports ${wanted} from ${from}`);
      }
    }
  }
});

test("the page's skeleton has nothing inline", () => {
  const page = readFileSync(new URL("index.html", ui), "utf8");
  assert.doesNotMatch(page, /\son\w+=|\sstyle=|javascript:|https?:/i);
  assert.match(page, /^<link rel=stylesheet href=style.css>$/m);
  assert.match(page, /^<script src=vendor\/uplot\/uPlot.iife.min.js><\/script>$/m);
  assert.match(page, /^<script type=module src=main.js><\/script>$/m);
});

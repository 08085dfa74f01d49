import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { STATE, indexOf, randomOf, randomStacks, randomValues } from "./made.mjs";
import { load } from "./load.mjs";

const { codeOf } = await load("code.js");
const { modelOf } = await load("tree.js");
const { blockFor, layout } = await load("layout.js");
const { colorOf, decode, widthOf } = await load("model.js");
const { blockAtPoint, blockOfNode, rowOfBlock } = await load("where.js");

const golden = new URL("../../../heaplens/tests/golden/svg/", import.meta.url);

function* graphs(count) {
  for (let seed = 1; seed <= count; seed++) {
    const random = randomOf(seed);
    const stacks = randomStacks(random, 60, "abcdefghij");
    const code = codeOf(indexOf(stacks));
    const [a, b] = [randomValues(random, stacks.length), randomValues(random, stacks.length)];
    const graph = modelOf(code, seed % 2 ? a : null, b, STATE);
    yield { graph, random, zoom: random(graph.count) };
  }
}

const tidy = (value) => Math.round(value * 1e6) / 1e6 + 0;
const close = (a, b, by = 1e-6) => assert.ok(Math.abs(a - b) <= by, `${a} ${b}`);

/** What a golden picture shows and what it was drawn from. */
function goldenPicture(name) {
  const text = readFileSync(new URL(name, golden), "utf8");
  const [, graph, data] = text.match(/<g id="frames">(.*?)<\/g>.*<script id="data"[^>]*>(.*?)<\/script>/s);
  const drawn = [...graph.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)];
  return {
    model: decode(JSON.parse(data)),
    width: Number(text.match(/width="(\d+)"/)[1]) - 20,
    drawn: drawn.map(([, color, x, y, width]) => [color, Number(y), Number(x), Number(width)]),
  };
}

test("blocks lie where the library's pictures have them", () => {
  const names = readdirSync(golden);
  assert.ok(names.length >= 5);
  for (const name of names) {
    const { model, width, drawn } = goldenPicture(name);
    const lay = layout(model, 0, width);
    const blocks = lay.node
      .map((_, i) => blockFor(model, lay, i, rowOfBlock(lay, i)))
      .filter((block) => block.parts === null || block.width >= 0.25);
    assert.equal(blocks.length, drawn.length, name);
    const top = Math.min(...drawn.map(([, y]) => y));
    blocks.forEach((block, i) => {
      const row = (drawn[i][1] - top) / 18;
      const color = block.parts ? "m" : colorOf(model, block.node);
      assert.deepEqual([color, block.row], [drawn[i][0], model.doc.shape === "flame" ? lay.rows - 1 - row : row], name);
      close(10 + block.x, drawn[i][2], 0.01);
      close(Math.max(block.width - 0.75, block.width * 0.6), drawn[i][3], 0.01);
    });
  }
});

test("wide callees come first, then narrow ones and those that are merged in the file", () => {
  const doc = {
    depth: [0, 1, 2, 2, 2, 2, 1, 2],
    net: [0, 0, 1, 600, 300, 0, 0, 99],
    name: [0, 1, 2, 3, -1, 4, 5, 6],
    merged: [[4, 7, 0]],
    ...{ before: [], other: [], other_before: [] },
  };
  const model = decode(doc);
  const shown = (zoom, lens) => {
    const lay = layout(model, zoom, 500, lens);
    return lay.node.map((_, i) => {
      const { node, row, x, width, parts, ancestor } = blockFor(model, lay, i, rowOfBlock(lay, i));
      return [node, row, tidy(x), tidy(width), parts?.join() ?? (ancestor ? "above" : "")];
    });
  };
  assert.deepEqual(shown(0), [
    [0, 0, 0, 500, ""],
    [1, 1, 0, 450.5, ""],
    [6, 1, 450.5, 49.5, ""],
    [3, 2, 0, 300, ""],
    [1, 2, 300, 150.5, "2,4"],
    [7, 2, 450.5, 49.5, ""],
  ]);
  assert.deepEqual(shown(6), [
    [0, 0, 0, 500, "above"],
    [6, 1, 0, 500, ""],
    [7, 2, 0, 500, ""],
  ]);
  // Enlarged, what is too narrow parts, and what lies beside the picture is left out.
  assert.deepEqual(shown(0, { scale: 4, left: 1198 }), [
    [0, 0, -1198, 2000, ""],
    [1, 1, -1198, 1802, ""],
    [3, 2, -1198, 1200, ""],
    [2, 2, 2, 2, ""],
    [1, 2, 4, 600, "4"],
  ]);
});

test("enlarged, every frame keeps its place", () => {
  for (const { graph, zoom, random } of graphs(60)) {
    const width = 100;
    const whole = layout(graph, zoom, width);
    const scale = 1 + random(50);
    const left = random(width * (scale - 1) + 1);
    const lay = layout(graph, zoom, width, { scale, left });
    for (let i = 0; i < lay.node.length; i++) {
      assert.ok((lay.x[i] < width && lay.x[i] + lay.width[i] > 0) || rowOfBlock(lay, i) <= lay.zoomRow);
      if (lay.first[i] >= 0 || rowOfBlock(lay, i) < lay.zoomRow) continue;
      close(
        lay.width[i],
        widthOf(graph, zoom) ? (widthOf(graph, lay.node[i]) / widthOf(graph, zoom)) * width * scale : width * scale,
      );
      const before = blockOfNode(whole, lay.node[i], false);
      if (before >= 0) close(whole.x[before] * scale - left, lay.x[i]);
    }
  }
});

test("points find their blocks", () => {
  for (const { graph, zoom } of graphs(20)) {
    const lay = layout(graph, zoom, 300);
    for (let i = 0; i < lay.node.length; i++) {
      const row = rowOfBlock(lay, i);
      assert.ok(lay.rowStart[row] <= i && i < lay.rowStart[row + 1]);
      if (lay.width[i] > 1e-6) assert.equal(blockAtPoint(lay, row, lay.x[i] + lay.width[i] / 2), i);
    }
    assert.equal(blockAtPoint(lay, -1, 5), -1);
    assert.equal(blockAtPoint(lay, lay.rows, 5), -1);
    assert.equal(blockAtPoint(lay, 0, 301), -1);
  }
});

test("a million frames deep or wide are laid out", () => {
  const count = 1_000_000;
  const deep = {
    count,
    parent: Int32Array.from({ length: count }, (_, i) => Math.max(i - 1, 0)),
    end: new Int32Array(count).fill(count),
    grown: new Float64Array(count).fill(5),
    shrunk: new Float64Array(count),
    merged: new Map(),
  };
  for (const zoom of [0, count - 1]) assert.equal(layout(deep, zoom, 1000).rows, count);
  const wide = {
    count,
    parent: new Int32Array(count),
    end: Int32Array.from({ length: count }, (_, i) => (i ? i + 1 : count)),
    grown: new Float64Array(count).fill(1),
    shrunk: new Float64Array(count),
    merged: new Map(),
  };
  wide.grown[0] = count - 1;
  assert.equal(layout(wide, 0, 1000).node.length, 2);
  assert.ok(layout(wide, 0, 1000, { scale: 5000, left: 1000 }).node.length < 2000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE, indexOf, randomOf, randomStacks, randomValues } from "./made.mjs";
import { load } from "./load.mjs";

const { codeOf } = await load("code.js");
const { modelOf } = await load("tree.js");
const { blockAtPoint, blockFor, blockOfNode, layOut, rowOfBlock } = await load("lay.js");
const { layout, widthOf } = await load("model.js");

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

const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} ${b}`);

test("the page lays out as the library does", () => {
  for (const { graph, zoom } of graphs(60)) {
    for (const width of [40, 300]) {
      const lay = layOut(graph, zoom, width, { scale: 1, left: 0 });
      const base = width / (widthOf(graph, zoom) || 1);
      const rows = layout(graph, zoom, width, 1);
      assert.equal(lay.rows, rows.length);
      const blocks = rows.flat();
      assert.equal(lay.node.length, blocks.length);
      blocks.forEach((block, i) => {
        const ours = blockFor(graph, lay, i, base);
        assert.deepEqual(
          [ours.node, ours.row, ours.parts, ours.ancestor],
          [block.node, block.row, block.parts, block.ancestor],
        );
        close(ours.x, block.x);
        close(ours.width, block.width);
      });
    }
  }
});

test("enlarged, every frame keeps its place", () => {
  for (const { graph, zoom, random } of graphs(60)) {
    const width = 100;
    const whole = layOut(graph, zoom, width, { scale: 1, left: 0 });
    const scale = 1 + random(50);
    const left = random(width * (scale - 1) + 1);
    const lay = layOut(graph, zoom, width, { scale, left });
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
    const lay = layOut(graph, zoom, 300, { scale: 1, left: 0 });
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
  };
  for (const zoom of [0, count - 1]) assert.equal(layOut(deep, zoom, 1000, { scale: 1, left: 0 }).rows, count);
  const wide = {
    count,
    parent: new Int32Array(count),
    end: Int32Array.from({ length: count }, (_, i) => (i ? i + 1 : count)),
    grown: new Float64Array(count).fill(1),
    shrunk: new Float64Array(count),
  };
  wide.grown[0] = count - 1;
  assert.equal(layOut(wide, 0, 1000, { scale: 1, left: 0 }).node.length, 2);
  assert.ok(layOut(wide, 0, 1000, { scale: 5000, left: 1000 }).node.length < 2000);
});

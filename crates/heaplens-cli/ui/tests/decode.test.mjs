import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { blockOf, captureOf, containerOf, indexOf, randomOf, randomValues, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const { embeddedHome, gunzip, serverHome } = await load("decode.js");
const { addedValues } = await load("block.js");

const NONE = new Uint8Array();
const rowsOf = (values) =>
  Array.from({ length: values.count }, (_, i) => [
    values.site[i],
    values.thread?.[i] ?? 0,
    values.bytes[i],
    values.objects[i],
    values.alloc_bytes?.[i] ?? 0,
  ]);

test("what is written is read", async () => {
  const index = indexOf([["a"], ["a", "b"], ["c"]]);
  const big = 2 ** 44 + 0.5;
  const values = valuesOf(
    [
      [0, big, 1, big, 2],
      [2, 0.25, 0.5, 3, 4],
    ],
    { alloc: true },
  );
  const bytes = containerOf(index, [blockOf(values), NONE, blockOf(valuesOf([])), NONE]);
  const home = embeddedHome(await gunzip(gzipSync(bytes).toString("base64")));
  assert.deepEqual(home.index, index);
  assert.deepEqual(await home.values(0), values);
  assert.equal((await home.values(1)).count, 0);
  assert.equal(await home.threads(0), null);
  await assert.rejects(home.values(2), /no capture/);
});

test("a base is added", async () => {
  const captures = ["one", "two", "three"].map((name) => captureOf(name, { has_threads: true }));
  const index = indexOf([["a"], ["b"], ["c"]], { captures });
  const one = valuesOf([
    [0, 10, 1],
    [1, 20, 2],
  ]);
  const two = valuesOf([
    [0, -10, -1],
    [2, 5, 1],
  ]);
  const three = valuesOf([[1, 1, 0]]);
  const threads = valuesOf(
    [
      [1, 0, 3, 1],
      [1, 2, 4, 1],
    ],
    { threads: true },
  );
  const more = valuesOf(
    [
      [1, 1, 5, 1],
      [1, 2, -4, -1],
    ],
    { threads: true },
  );
  const blocks = [blockOf(one), blockOf(threads), blockOf(two, 1), blockOf(more, 1), blockOf(three, 2), NONE];
  const home = embeddedHome(containerOf(index, blocks));
  assert.deepEqual(rowsOf(await home.values(1)), [
    [1, 0, 20, 2, 0],
    [2, 0, 5, 1, 0],
  ]);
  assert.deepEqual(rowsOf(await home.values(2)), [
    [0, 0, 10, 1, 0],
    [1, 0, 21, 2, 0],
  ]);
  assert.deepEqual(rowsOf(await home.threads(1)), [
    [1, 0, 3, 1, 0],
    [1, 1, 5, 1, 0],
  ]);
});

test("differences bring back the values", () => {
  const random = randomOf(1);
  for (let i = 0; i < 100; i++) {
    const [a, b] = [randomValues(random, 20, i % 3), randomValues(random, 20, i % 3)];
    const keep = (values) => rowsOf(values).filter((row) => row[2] !== 0 || row[3] !== 0);
    const negative = { ...a, bytes: a.bytes.map((v) => -v), objects: a.objects.map((v) => -v) };
    assert.deepEqual(rowsOf(addedValues(a, addedValues(negative, b))), keep(b));
  }
});

test("a server is asked for what is not there, once", async () => {
  const index = indexOf([["a"], ["b"]]);
  const values = [valuesOf([[0, 1, 1]]), valuesOf([[1, 2, 1]])];
  const asked = [];
  const home = await serverHome("/token", async (url) => {
    asked.push(url);
    if (url === "/token/data") return new Response(containerOf(index, [NONE, NONE, NONE, NONE]));
    if (asked.length === 2) return new Response("", { status: 500 });
    return new Response(blockOf(values[Number(url.split("/").pop())]));
  });
  await assert.rejects(home.values(1), /500/);
  assert.deepEqual(await home.values(1), values[1]);
  assert.deepEqual(await home.values(1), values[1]);
  assert.deepEqual(asked, ["/token/data", "/token/values/1", "/token/values/1"]);
});

test("as much is kept as fits, by its points", async () => {
  const captures = Array.from({ length: 100 }, () => captureOf("d"));
  const index = indexOf([["a"], ["b"], ["c"]], { captures });
  const rows = [0, 1, 2].map((site) => [site, 8, 1]);
  /** A home of captures of so many points each, and what was asked of its server. */
  const homeOf = async (points, most, base = () => 0) => {
    const asked = [];
    const none = captures.flatMap(() => [NONE, NONE]);
    const get = async (url) => {
      if (url.endsWith("data")) return new Response(containerOf(index, none));
      const n = Number(url.split("/").pop());
      asked.push(n);
      return new Response(blockOf(valuesOf(rows.slice(0, points)), base(n)));
    };
    return { home: await serverHome("/", get, most), asked };
  };
  const askedFor = async ({ home, asked }, ...wanted) => {
    asked.length = 0;
    for (const n of wanted) await home.values(n);
    return asked;
  };
  const three = await homeOf(3, 9);
  assert.deepEqual(await askedFor(three, 0, 1, 2, 0, 1, 2), [0, 1, 2]);
  assert.deepEqual(await askedFor(three, 3, 1, 2, 3, 0), [3, 0]);
  // One that is larger than all that may be kept is kept all the same, alone.
  assert.deepEqual(await askedFor(await homeOf(3, 2), 0, 0, 1, 1, 0), [0, 1, 0]);
  const many = await homeOf(0, 9);
  await askedFor(many, ...captures.keys());
  assert.deepEqual(await askedFor(many, ...Array.from({ length: 64 }, (_, i) => 36 + i), 35), [35]);
  // Each relative to the one before it: what was asked for stays, not the first of the chain.
  const chain = await homeOf(1, 2, (n) => (n > 0 ? 1 : 0));
  assert.equal((await chain.home.values(99)).bytes[0], 800);
  assert.deepEqual(await askedFor(chain, 99, 98), []);
  const all = await Promise.all(captures.map((_, n) => chain.home.values(n)));
  assert.deepEqual(
    all.map(({ bytes }) => bytes[0]),
    captures.map((_, n) => 8 * (n + 1)),
  );
});

test("damaged data is said to be so", async () => {
  const index = indexOf([["a"]]);
  const container = containerOf(index, [blockOf(valuesOf([[0, 1, 1]])), NONE, NONE, NONE]);
  assert.throws(() => embeddedHome(container.subarray(0, container.length - 9)), /damaged/);
  assert.throws(() => embeddedHome(new Uint8Array(2)), /damaged/);
  const other = containerOf({ ...index, version: 2 }, [NONE, NONE, NONE, NONE]);
  assert.throws(() => embeddedHome(other), /version 2/);
  const blocks = [
    [0, 0, 1, 9, 0, 0],
    [0, 0, 200, 1],
    [0, 5, 0],
    [0, 0, 1, 1, 255],
  ];
  for (const block of blocks) {
    const home = embeddedHome(containerOf(index, [Uint8Array.from(block), NONE, NONE, NONE]));
    await assert.rejects(home.values(0), /damaged/, String(block));
  }
});

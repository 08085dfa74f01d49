import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { STATE, captureOf, indexOf, randomOf, randomStacks, randomValues, valuesOf } from "./made.mjs";
import { load } from "./load.mjs";

const { codeOf } = await load("code.js");
const { modelOf } = await load("tree.js");
const { foldedOf } = await load("export/folded.js");
const { pprofOf } = await load("export/pprof.js");
const { svgOf } = await load("export/svg.js");

/** The fields of a message: `[number, value]`, where a value is a number or bytes. */
function fieldsOf(bytes) {
  let at = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
      shift += 7n;
    }
  };
  const fields = [];
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) {
      fields.push([tag >> 3, Number(varint())]);
      continue;
    }
    assert.equal(tag & 7, 2);
    const length = Number(varint());
    at += length;
    fields.push([tag >> 3, bytes.subarray(at - length, at)]);
  }
  return fields;
}

function numbersOf(bytes) {
  return fieldsOf(
    Uint8Array.from(
      [...bytes].reduce((out, byte, i) => {
        // Each number as a field of its own.
        if (i === 0 || bytes[i - 1] < 128) out.push(8);
        out.push(byte);
        return out;
      }, []),
    ),
  ).map(([, value]) => value);
}

/** A profile as plain objects. */
function profileOf(packed) {
  const fields = fieldsOf(gunzipSync(packed));
  const all = (number) => fields.filter(([n]) => n === number).map(([, value]) => value);
  const one = (message, number) => fieldsOf(message).find(([n]) => n === number)?.[1] ?? 0;
  const texts = all(6).map((bytes) => new TextDecoder().decode(bytes));
  const functions = new Map(all(5).map((message) => [one(message, 1), texts[one(message, 2)]]));
  const locations = new Map(
    all(4).map((message) => {
      const line = one(message, 4);
      return [one(message, 1), `${functions.get(one(line, 1))}:${one(line, 2)}`];
    }),
  );
  const samples = all(2).map((message) => ({
    stack: numbersOf(one(message, 1) || []).map((id) => locations.get(id)),
    values: numbersOf(one(message, 2)),
    labels: fieldsOf(message)
      .filter(([n]) => n === 3)
      .map(([, label]) => `${texts[one(label, 1)]}=${texts[one(label, 2)]}`),
  }));
  const types = all(1).map((message) => `${texts[one(message, 1)]}/${texts[one(message, 2)]}`);
  const period = all(11).map((message) => `${texts[one(message, 1)]}/${texts[one(message, 2)]}`)[0];
  const ids = [all(4), all(5), all(3)].map((list) => list.map((message) => one(message, 1)));
  return { texts, samples, types, period, rate: all(12)[0], time: all(9)[0], first: texts[all(14)[0]], ids };
}

test("folded lines are the library's", () => {
  const stacks = [["m", "a;b"], ["#x", "operator 12"], ["m"], ["m", "tab\there", "\\x3b"], ["ä", "C:\\new\\x41"]];
  const code = codeOf(indexOf(stacks));
  const b = valuesOf([
    [0, 4.9, 1],
    [1, 2, 1],
    [2, 0.5, 1],
    [3, 7, 1],
    [4, 1, 1],
  ]);
  assert.equal(
    foldedOf(code, null, b, STATE),
    ["\\x23x;operator\\x2012 2", "m;a\\x3bb 4", "m;tab\\x09here;\\x5cx3b 7", "ä;C:\\new\\x41 1", ""].join("\n"),
  );
  const a = valuesOf([
    [0, 9, 1],
    [2, 3, 1],
  ]);
  assert.equal(foldedOf(code, a, b, STATE).split("\n")[1], "m 3 0");
  assert.equal(foldedOf(code, a, b, { ...STATE, part: "shrunk", relative: true }), "m 3 0\nm;a\\x3bb 9 4\n");
});

test("totals of the files are the values'", async () => {
  for (let seed = 1; seed < 12; seed++) {
    const random = randomOf(seed);
    const stacks = randomStacks(random, 20);
    const code = codeOf(indexOf(stacks));
    const whole = (values) => ({ ...values, bytes: values.bytes.map(Math.round) });
    const [a, b] = [whole(randomValues(random, stacks.length)), whole(randomValues(random, stacks.length))];
    const sum = (values) => values.bytes.reduce((x, y) => x + y, 0);
    const lines = foldedOf(code, a, b, STATE)
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ").slice(-2).map(Number));
    assert.equal(
      lines.reduce((x, [from]) => x + from, 0),
      sum(a),
    );
    assert.equal(
      lines.reduce((x, [, to]) => x + to, 0),
      sum(b),
    );
    const { samples } = profileOf(await pprofOf(code, a, b, STATE));
    assert.equal(
      samples.reduce((x, { values }) => x + values[1], 0),
      sum(b) - sum(a),
    );
    const base = samples.filter(({ labels }) => labels.includes("pprof::base=true"));
    assert.equal(-base.reduce((x, { values }) => x + values[1], 0), sum(a));
  }
});

test("a profile is whole", async () => {
  const index = indexOf([["m@m.c:3", "f@f.c:4"], ["m@m.c:3", "f@f.c:5"], ["g"]], {
    sample_types: ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"],
    captures: [captureOf("one", { rate: 524288, time: 1_700_000_000_123 })],
    threads: ["w-1"],
  });
  const code = codeOf(index);
  const values = valuesOf(
    [
      [0, 0, 10.6, 1, 20, 2],
      [1, 0, 5, 1, 5, 1],
      [2, 0, 0.2, 0, 0, 0],
    ],
    { threads: true, alloc: true },
  );
  const profile = profileOf(await pprofOf(code, null, values, { ...STATE, byThread: true }));
  assert.equal(profile.texts[0], "");
  assert.deepEqual(profile.types, [
    "alloc_objects/count",
    "alloc_space/bytes",
    "inuse_objects/count",
    "inuse_space/bytes",
  ]);
  assert.deepEqual([profile.period, profile.rate, profile.first], ["space/bytes", 524288, "inuse_space"]);
  assert.equal(Math.round(profile.time / 1e6), 1_700_000_000_123);
  assert.deepEqual(profile.samples, [
    { stack: ["f:4", "m:3"], values: [2, 20, 1, 11], labels: ["thread=w-1", "thread_id=0"] },
    { stack: ["f:5", "m:3"], values: [1, 5, 1, 5], labels: ["thread=w-1", "thread_id=0"] },
  ]);
  for (const ids of profile.ids)
    assert.deepEqual(
      ids,
      ids.map((_, i) => i + 1),
    );
});

test("a picture is text, whatever the names are", () => {
  const names = ["</title><script>alert(1)</script>", "\"'&<", "\u202eevil\u0007", "\ud800", "x".repeat(65536)];
  const code = codeOf(indexOf([names]));
  const graph = modelOf(code, null, valuesOf([[0, 5, 1]]), STATE);
  const options = { graph, zoom: 0, found: null, shape: "icicle", color: "name" };
  const picture = svgOf(options, code.index.palette.light, names[0]);
  assert.ok(!/<script|\u202e|\u0007|[^&]"'/.test(picture));
  assert.ok(picture.includes("&lt;/title&gt;&lt;script&gt;"));
  assert.ok(picture.includes("\\u{202e}evil\\x07"));
  assert.ok(picture.length < 20_000);
  assert.equal(picture.match(/<g>/g).length, 6);
  const opened = picture.match(/<\w[^>]*>/g).filter((tag) => !tag.endsWith("/>"));
  assert.equal(opened.length, picture.match(/<\/\w+>/g).length);
});

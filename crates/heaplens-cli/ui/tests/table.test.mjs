import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { filtered, nextOrder, ordered, parseOrder, rowWindow } = await load("order.js");
const { csvField, csvOf, jsonOf } = await load("csv.js");
const { visible, shortened } = await load("dom.js");

const columns = [
  { key: "size", kind: "number", sort: (row) => row.size },
  { key: "name", kind: "name", sort: (row) => row.name },
  { key: "note", kind: "text" },
];
const rows = [
  { name: "b", size: 2 },
  { name: "a", size: 10 },
  { name: "c", size: 2 },
  { name: "d", size: -1 },
];
const names = (list) => list.map((row) => row.name).join("");

test("rows are put in order, equal ones stay", () => {
  assert.equal(names(ordered(rows, columns, "-size")), "abcd");
  assert.equal(names(ordered(rows, columns, "size")), "dbca");
  assert.equal(names(ordered(rows, columns, "name")), "abcd");
  assert.equal(names(ordered(rows, columns, "-name")), "dcba");
  for (const order of ["", "-", "note", "gone", "-__proto__"]) assert.equal(ordered(rows, columns, order), rows);
  assert.equal(names(rows), "bacd");
});

test("numbers are sorted from the largest, names from the first", () => {
  assert.equal(nextOrder("", columns[0]), "-size");
  assert.equal(nextOrder("-size", columns[0]), "size");
  assert.equal(nextOrder("size", columns[0]), "-size");
  assert.equal(nextOrder("-size", columns[1]), "name");
  assert.equal(nextOrder("name", columns[1]), "-name");
  assert.deepEqual(parseOrder("-size"), { key: "size", isDown: true });
});

test("a filter wants all its words", () => {
  const text = (row) => `${row.name} of ${row.size}`;
  assert.equal(filtered(rows, text, "  "), rows);
  assert.equal(names(filtered(rows, text, "of 2")), "bc");
  assert.equal(names(filtered(rows, text, "C 2")), "c");
  assert.equal(names(filtered(rows, text, "2 x")), "");
});

test("of many rows few are in the window", () => {
  const window = rowWindow(100000, 28, 50000 * 28, 600);
  assert.ok(window.first <= 50000 && window.first > 49980);
  assert.ok(window.end >= 50022 && window.end < 50040);
  assert.deepEqual(rowWindow(0, 28, 0, 600), { first: 0, end: 0 });
  assert.equal(rowWindow(5, 28, 100000, 600).end, 5);
  assert.ok(rowWindow(5, 28, 100000, 600).first <= 5);
});

test("a hundred thousand rows are sorted and filtered while one waits", () => {
  const many = Array.from({ length: 100000 }, (_, i) => ({
    name: `function${(i * 7919) % 100000}`,
    size: (i * 31) % 1000,
  }));
  const start = performance.now();
  const found = ordered(
    filtered(many, (row) => row.name, "99"),
    columns,
    "-size",
  );
  assert.ok(found.length > 3000);
  assert.equal(ordered(many, columns, "name")[0].name, "function0");
  assert.ok(performance.now() - start < 2000);
});

test("CSV fields are text and nothing else", () => {
  assert.equal(csvField("alloc::vec::Vec<T,A>::push"), '"alloc::vec::Vec<T,A>::push"');
  assert.equal(csvField('=HYPERLINK("x")'), '"\'=HYPERLINK(""x"")"');
  assert.equal(csvField("-1+2"), "'-1+2");
  assert.equal(csvField("+1"), "'+1");
  assert.equal(csvField("@sum"), "'@sum");
  assert.equal(csvField("a\r\n=b\tc"), "a\\r\\n=b\\tc");
  assert.equal(csvField("\t=1"), "\\t=1");
  assert.equal(csvField("\r=1"), "\\r=1");
  assert.equal(csvField(" main "), '" main "');
  assert.equal(csvField("main"), "main");
});

test("CSV and JSON have all rows", () => {
  const fields = [
    { name: "name", value: (row) => row.name },
    { name: "size", value: (row) => row.size },
    { name: "none", value: () => null },
  ];
  assert.equal(
    csvOf(fields, [
      { name: "=a", size: -3 },
      { name: "b,c", size: 1e21 },
      { name: "", size: NaN },
    ]),
    'name,size,none\r\n\'=a,-3,\r\n"b,c",1000000000000000000000,\r\n,,\r\n',
  );
  assert.deepEqual(JSON.parse(jsonOf(fields, [{ name: "=a", size: 2 }])), [{ name: "=a", size: 2, none: null }]);
});

test("nothing is hidden in a text", () => {
  assert.equal(visible("a\x1b[31m\n\u{9b}\u{202e}"), "a\\x1b[31m\\n\\x9b\\u{202e}");
  assert.equal(visible("Vec<u8>::push äöü 日本"), "Vec<u8>::push äöü 日本");
  assert.equal(visible(visible("\u{e0041}\0")), "\\u{e0041}\\x00");
  assert.equal(shortened("x".repeat(64000), 101).length, 101);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { Lines, readFrame, Unreadable } from "../src/frames.js";

const RECORD =
  '{"frame":"record","number":75,"prev":74,"cursor":"0badcafe-75",' +
  '"kind":"case","case":"c","data":{"r":"Grüße, 注文 😀"}}';
const WELCOME =
  '{"frame":"welcome","epoch":"0badcafe","oldest":1,"head":9,"from":1,"heartbeat_s":15,"new":[1]}';
const BYTES = new TextEncoder().encode(`${WELCOME}\n${RECORD}\n`);

function cut(...borders: number[]): string[] {
  const lines = new Lines();
  const found: string[] = [];
  [...borders, BYTES.length].reduce((from, to) => {
    found.push(...lines.add(BYTES.subarray(from, to)));
    return to;
  }, 0);
  assert.equal(lines.open, false);
  return found;
}

test("lines are whole wherever the bytes were cut, also within a character", () => {
  for (let border = 0; border <= BYTES.length; border += 1) {
    assert.deepEqual(cut(border), [WELCOME, RECORD]);
  }
});

test("lines are whole when every byte comes alone", () => {
  assert.deepEqual(cut(...BYTES.keys()), [WELCOME, RECORD]);
});

test("a line that has no end yet is open and not given", () => {
  const lines = new Lines();
  assert.deepEqual([...lines.add(BYTES.subarray(0, 10))], []);
  assert.equal(lines.open, true);
});

test("empty lines are passed over", () => {
  assert.deepEqual([...new Lines().add(new TextEncoder().encode("\n\n{}\n"))], ["{}"]);
});

test("a record keeps the line that it came as, and fields that are new are no harm", () => {
  const frame = readFrame(RECORD);
  assert.equal(frame?.frame === "record" && frame.line, RECORD);
  assert.equal(readFrame(WELCOME)?.frame, "welcome");
});

test("a frame that is not known is passed over, also one named as what every object has", () => {
  assert.equal(readFrame('{"frame":"weather"}'), undefined);
  assert.equal(readFrame('{"frame":"constructor"}'), undefined);
  assert.equal(readFrame("{}"), undefined);
});

test("what is no frame is unreadable, and so is a number that cannot be exact", () => {
  const lost = RECORD.replace("75", "9007199254740993");
  for (const line of ["{", "[]", "7", "null", '{"frame":"record"}', lost]) {
    assert.throws(() => readFrame(line), Unreadable, line);
  }
});

test("bytes that are no UTF-8 are unreadable", () => {
  assert.throws(() => [...new Lines().add(Uint8Array.of(0xff, 10))], Unreadable);
});

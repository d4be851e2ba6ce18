import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { BadWish } from "../src/errors.js";
import { Merged, partition, readPart, slot, split } from "../src/partitions.js";
import { sha256 } from "../src/sha256.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const at = (number: number, epoch = "0badcafe") => ({ epoch, number });

test("SHA-256 is the one of FIPS 180-4", () => {
  assert.equal(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("SHA-256 is Node's own at every length around a block's borders", () => {
  for (let length = 0; length < 200; length += 1) {
    const text = "é注x".repeat(70).slice(0, length);
    assert.equal(hex(sha256(text)), createHash("sha256").update(text).digest("hex"));
  }
});

test("a case's slot is the first byte of its id's SHA-256", () => {
  assert.equal(slot("abc"), 0xba);
  assert.equal(slot("0190f3a0-0000-7000-8000-0000000000e1"), 0xa6);
  assert.equal(partition("abc", 4), 0xba % 4);
});

test("a part is split into two that have its cases and no others", () => {
  const part = readPart("1/4");
  const [low, high] = split(part);
  assert.deepEqual([low, high], [{ index: 1, of: 8 }, { index: 5, of: 8 }]);
  const cases = Array.from({ length: 500 }, (_, i) => `case-${i}`);
  const ours = cases.filter((id) => partition(id, 4) === 1);
  assert.deepEqual(ours, cases.filter((id) => [1, 5].includes(partition(id, 8))));
});

test("what is no part is refused", () => {
  for (const text of ["4/4", "0/3", "0/128", "-1/4", "1", "1/0", "a/b"]) {
    assert.throws(() => readPart(text), BadWish, text);
  }
  assert.throws(() => split(readPart("0/64")), BadWish);
});

test("merged parts begin where the last one is, and skip what each of them has passed", () => {
  const merged = new Merged([
    [readPart("0/2"), at(90)],
    [readPart("1/2"), at(75)],
  ]);
  const even = { case: "abc" };
  const odd = { case: "e" };
  assert.equal(merged.after, "0badcafe-75");
  assert.deepEqual([90, 91].map((number) => merged.passed({ ...even, number })), [true, false]);
  assert.deepEqual([75, 76].map((number) => merged.passed({ ...odd, number })), [true, false]);
});

test("parts of two epochs cannot be merged, nor a case be asked for that none of them has", () => {
  assert.throws(() => new Merged([[readPart("0/2"), at(1)], [readPart("1/2"), at(1, "11111111")]]), BadWish);
  assert.throws(() => new Merged([]), BadWish);
  assert.throws(() => new Merged([[readPart("1/2"), at(1)]]).passed({ case: "abc", number: 1 }), BadWish);
});

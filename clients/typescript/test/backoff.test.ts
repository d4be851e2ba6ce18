import assert from "node:assert/strict";
import { test } from "node:test";

import { seconds } from "../src/answers.js";
import { Backoff } from "../src/backoff.js";

function waits(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.nextS());
}

test("waits grow with each try that brought nothing, up to 30 s", () => {
  assert.deepEqual(waits(new Backoff(30, () => 1), 8), [1, 1, 2, 4, 8, 16, 30, 30]);
});

test("jitter may be anything from nothing to the whole", () => {
  assert.deepEqual(waits(new Backoff(30, () => 0), 3), [0, 0, 0]);
  assert.deepEqual(waits(new Backoff(30, () => 0.5), 3), [0.5, 0.5, 1]);
});

test("a connection that was of use begins with short waits again", () => {
  const backoff = new Backoff(30, () => 1);
  waits(backoff, 6);
  backoff.healthy();
  assert.deepEqual(waits(backoff, 3), [1, 1, 2]);
});

test("what the server asks for is waited at least, and no wait is longer than the longest", () => {
  assert.equal(new Backoff(30, () => 0).nextS(7), 7);
  assert.equal(new Backoff(30, () => 1).nextS(7), 8);
  assert.equal(new Backoff(5, () => 1).nextS(7), 5);
  assert.equal(new Backoff(0.25, () => 1).nextS(), 0.25);
});

test("after days of tries a wait is still a number", () => {
  const backoff = new Backoff(30, () => 1);
  assert.equal(waits(backoff, 5000).at(-1), 30);
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(seconds("120", now), 120);
  assert.equal(seconds("Thu, 01 Jan 2026 00:00:30 GMT", now), 30);
  const nothing = [null, "soon", "Wed, 31 Dec 2025 00:00:00 GMT"];
  assert.deepEqual(nothing.map((text) => seconds(text, now)), [0, 0, 0]);
});

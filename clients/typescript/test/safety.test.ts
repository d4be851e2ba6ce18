import assert from "node:assert/strict";
import { test } from "node:test";

import { BadWish, Unsafe } from "../src/errors.js";
import { checkBase } from "../src/safety.js";
import { address, checkWish } from "../src/wish.js";

test("https leads anywhere, http to this machine only", () => {
  for (const base of ["https://a.example", "http://localhost:1", "http://127.9.9.9", "http://[::1]:8"]) {
    assert.equal(checkBase(base).href, new URL(base).href);
  }
  const outside = ["http://a.example", "http://0.0.0.0", "http://localhost.example", "http://127.0.0.1.example", "http://[::2]"];
  for (const base of [...outside, "ftp://127.0.0.1", "ws://127.0.0.1", "https://u:secret@a.example"]) {
    assert.throws(() => checkBase(base), (error) => error instanceof Unsafe && !error.message.includes("secret"), base);
  }
  assert.throws(() => checkBase("a.example"), BadWish);
});

test("the first request names the place that was wished for, a later one the position alone", () => {
  const base = checkBase("https://a.example/under/");
  const wish = checkWish({ from: 75, partition: "0/4", kinds: ["case", "check"], limit: 9 });
  const first = address(base, wish, undefined, 9);
  assert.equal(first.pathname, "/under/v1/feed");
  assert.deepEqual(Object.fromEntries(first.searchParams), { from: "75", partition: "0/4", kinds: "case,check", limit: "9" });
  const later = address(base, wish, { epoch: "0badcafe", number: 80 }, 4);
  assert.deepEqual([later.searchParams.get("from"), later.searchParams.get("after")], [null, "0badcafe-80"]);
  assert.equal(later.searchParams.get("limit"), "4");
});

test("a case's id is a part of the path and cannot leave it", () => {
  const url = address(checkBase("https://a.example"), { case: "../x?y" }, undefined, undefined);
  assert.equal(url.pathname, "/v1/cases/..%2Fx%3Fy/feed");
});

test("a wish that makes no sense is refused", () => {
  for (const wish of [{ from: 1, after: "0badcafe-1" }, { from: 0 }, { limit: 0 }, { limit: 1.5 }, { wait: -1 }, { kinds: [] }]) {
    assert.throws(() => checkWish(wish), BadWish, JSON.stringify(wish));
  }
});

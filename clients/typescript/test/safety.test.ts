import assert from "node:assert/strict";
import { test } from "node:test";

import { BadWish, Unsafe } from "../src/errors.js";
import { checkBase } from "../src/safety.js";
import { address, checkWish } from "../src/wish.js";

test("https leads anywhere, http to this machine only", () => {
  for (const base of ["https://a.example", "http://localhost:1", "http://127.9.9.9", "http://[::1]:8"]) {
    assert.equal(checkBase(base).href, new URL(base).href);
  }
  const outside = ["a.example", "0.0.0.0", "localhost.example", "127.0.0.1.example", "[::2]"];
  const others = ["ftp://127.0.0.1", "ws://127.0.0.1", "https://u:secret@a.example"];
  for (const base of [...outside.map((host) => `http://${host}`), ...others]) {
    assert.throws(() => checkBase(base), (error) => {
      assert.ok(error instanceof Unsafe, base);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  assert.throws(() => checkBase("a.example"), BadWish);
});

test("the first request names the place that was wished for, a later one the position alone", () => {
  const base = checkBase("https://a.example/under/");
  const wish = checkWish({ from: 75, partition: "0/4", kinds: ["case", "check"], limit: 9 });
  const first = address(base, wish, undefined, 9);
  assert.equal(first.pathname, "/under/v1/feed");
  const asked = { from: "75", partition: "0/4", kinds: "case,check", limit: "9" };
  assert.deepEqual(Object.fromEntries(first.searchParams), asked);
  const later = address(base, wish, { epoch: "0badcafe", number: 80 }, 4);
  assert.deepEqual([later.searchParams.get("from"), later.searchParams.get("after")], [null, "0badcafe-80"]);
  assert.equal(later.searchParams.get("limit"), "4");
});

test("a case's id is a part of the path and cannot leave it", () => {
  const url = address(checkBase("https://a.example"), { case: "../x?y" }, undefined, undefined);
  assert.equal(url.pathname, "/v1/cases/..%2Fx%3Fy/feed");
});

test("a wish that makes no sense is refused", () => {
  const numbers = [{ from: 0 }, { limit: 0 }, { limit: 1.5 }, { wait: -1 }];
  for (const wish of [{ from: 1, after: "0badcafe-1" }, { kinds: [] }, ...numbers]) {
    assert.throws(() => checkWish(wish), BadWish, JSON.stringify(wish));
  }
});

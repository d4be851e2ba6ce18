import assert from "node:assert/strict";
import { test } from "node:test";

import { BadWish, EpochChanged, Hole } from "../src/errors.js";
import { readFrame, type RecordFrame, type WelcomeFrame } from "../src/frames.js";
import { fromCursor, Place, toCursor } from "../src/position.js";

function welcome(from: number, epoch = "0badcafe"): WelcomeFrame {
  return { frame: "welcome", epoch, oldest: 1, head: 99, from, heartbeat_s: 15 };
}

function record(number: number, prev?: number): RecordFrame {
  const place = { number, ...(prev === undefined ? {} : { prev }), cursor: `0badcafe-${number}` };
  const frame = readFrame(JSON.stringify({ frame: "record", ...place, kind: "case", case: "c", data: {} }));
  assert.equal(frame?.frame, "record");
  return frame as RecordFrame;
}

function welcomed(from: number): Place {
  const place = new Place();
  place.welcomed(welcome(from));
  return place;
}

test("a cursor is written as it was read", () => {
  assert.equal(toCursor(fromCursor("0badcafe-75")), "0badcafe-75");
  for (const text of ["", "75", "0BADCAFE-75", "0badcafe-", "0badcafe-9999999999999999", "0badcafe-75\n"]) {
    assert.throws(() => fromCursor(text), BadWish, text);
  }
});

test("a welcome without records puts the position before its first", () => {
  assert.deepEqual(welcomed(75).position, { epoch: "0badcafe", number: 74 });
});

test("a later welcome leaves the position where it is", () => {
  const place = new Place(fromCursor("0badcafe-80"));
  place.welcomed(welcome(75));
  assert.equal(place.position?.number, 80);
});

test("a welcome of another epoch is refused, naming both and what there is", () => {
  const place = new Place(fromCursor("0badcafe-80"));
  assert.throws(() => place.welcomed(welcome(1, "11111111")), (error) => {
    assert.ok(error instanceof EpochChanged);
    assert.match(error.message, /0badcafe.*11111111.*1 to 99/);
    return true;
  });
});

test("a record is next, repeated, or beyond a hole", () => {
  const place = welcomed(75);
  assert.equal(place.judge(record(74, 73)), "repeated");
  assert.equal(place.judge(record(75, 74)), "next");
  assert.equal(place.judge(record(80, 60)), "next");
  assert.equal(place.judge(record(80, 79)), "hole");
  assert.equal(place.judge(record(80)), "next");
});

test("the third hole in a row at one position is final; a position that moves forgives", () => {
  const place = welcomed(75);
  place.missed(record(80, 79));
  place.missed(record(80, 79));
  place.passed(75);
  place.missed(record(80, 79));
  place.missed(record(80, 79));
  assert.throws(() => place.missed(record(80, 79)), Hole);
});

test("a position never moves back", () => {
  const place = welcomed(75);
  assert.equal(place.passed(90), true);
  assert.equal(place.passed(90), false);
  assert.equal(place.passed(80), false);
  assert.equal(place.position?.number, 90);
});

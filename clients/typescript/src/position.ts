/** Where a follower stands, and what a record's number says about that. */

import { BadWish, EpochChanged, Hole } from "./errors.js";
import type { RecordFrame, WelcomeFrame } from "./frames.js";

/** The last number that was passed, in its epoch (8 hex digits). */
export interface Position {
  readonly epoch: string;
  readonly number: number;
}

const CURSOR = /^([0-9a-f]{8})-([0-9]{1,16})$/;
const HOLES_IN_A_ROW = 3;

/** Writes a position as the feed writes it: `epoch-number`. */
export function toCursor(position: Position): string {
  return `${position.epoch}-${position.number}`;
}

/** Reads a cursor; throws `BadWish` for what is none. */
export function fromCursor(text: string): Position {
  const found = CURSOR.exec(text);
  const number = Number(found?.[2]);
  if (found?.[1] === undefined || !Number.isSafeInteger(number)) {
    throw new BadWish("a position is written epoch-number, such as 0badcafe-75");
  }
  return { epoch: found[1], number };
}

/** Keeps the position of one follower over all its connections. */
export class Place {
  #position: Position | undefined;
  #holes = 0;

  constructor(position?: Position) {
    this.#position = position;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Takes up a stream; throws `EpochChanged` where it is not the one that the position is of. */
  welcomed(frame: WelcomeFrame): void {
    if (this.#position === undefined) {
      this.#position = { epoch: frame.epoch, number: frame.from - 1 };
    } else if (this.#position.epoch !== frame.epoch) {
      const detail = `the position is of epoch ${this.#position.epoch}, the feed is of ${frame.epoch}`;
      throw new EpochChanged("epoch_changed", detail, frame);
    }
  }

  /** Tells what a record is: the next, one that was passed, or one beyond a record that did not come. */
  judge(record: RecordFrame): "next" | "repeated" | "hole" {
    const at = this.#position?.number ?? 0;
    if (record.number <= at) return "repeated";
    return record.prev !== undefined && record.prev > at ? "hole" : "next";
  }

  /** Notes a hole; throws `Hole` at the third one in a row at one position. */
  missed(record: RecordFrame): void {
    this.#holes += 1;
    if (this.#holes >= HOLES_IN_A_ROW) {
      const at = this.#position?.number ?? 0;
      const detail = `record ${record.prev} never came: after ${at} comes ${record.number}`;
      throw new Hole("hole", `${detail}, ${HOLES_IN_A_ROW} times`);
    }
  }

  /** Tells where the position will be when a number was passed. */
  at(number: number): Position {
    if (this.#position === undefined) throw new Error("there is no position before a welcome");
    return { epoch: this.#position.epoch, number };
  }

  /** Moves on to a number, never back; tells whether it moved. */
  passed(number: number): boolean {
    if (this.#position === undefined || number <= this.#position.number) return false;
    this.#position = this.at(number);
    this.#holes = 0;
    return true;
  }
}

/** What a follower asks for, as the address of its next request. */

import { BadWish } from "./errors.js";
import { readPart } from "./partitions.js";
import { fromCursor, toCursor, type Position } from "./position.js";

/** What is wanted of a feed. At most one of `from` (inclusive) and `after` (a cursor, exclusive). */
export interface Wish {
  readonly from?: number | "earliest" | "latest";
  readonly after?: string;
  /** One case's feed instead of the client's. */
  readonly case?: string;
  /** `i/n`. */
  readonly partition?: string;
  readonly kinds?: readonly string[];
  readonly subscription?: string;
  /** End after so many records, over all connections. */
  readonly limit?: number;
  /** End at the head of the moment of asking. */
  readonly until?: "caught_up";
  /** End after so many seconds with nothing to read. */
  readonly wait?: number;
}

/** Gives the wish back; throws `BadWish` where it makes no sense, before anything is sent. */
export function checkWish(wish: Wish): Wish {
  if (wish.from !== undefined && wish.after !== undefined) {
    throw new BadWish("give either from (inclusive) or after (exclusive), not both");
  }
  if (typeof wish.from === "number") whole("from", wish.from, 1);
  else if (wish.from !== undefined && wish.from !== "earliest" && wish.from !== "latest") {
    throw new BadWish("from is a number, earliest or latest");
  }
  if (wish.after !== undefined) fromCursor(wish.after);
  if (wish.partition !== undefined) readPart(wish.partition);
  if (wish.limit !== undefined) whole("limit", wish.limit, 1);
  if (wish.wait !== undefined) whole("wait", wish.wait, 0);
  if (![undefined, "caught_up"].includes(wish.until)) throw new BadWish("until can only be caught_up");
  if (wish.kinds?.length === 0) throw new BadWish("kinds names none; leave it out for all");
  return wish;
}

/** Whether the server ends the stream when the wish is fulfilled. */
export function hasEnd(wish: Wish): boolean {
  return wish.limit !== undefined || wish.until !== undefined || wish.wait !== undefined;
}

/** Writes the next request's address: after the position, once there is one; `left` is what `limit` leaves. */
export function address(
  base: URL,
  wish: Wish,
  position: Position | undefined,
  left: number | undefined,
): URL {
  const path = wish.case === undefined ? "feed" : `cases/${encodeURIComponent(wish.case)}/feed`;
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/v1/${path}`;
  url.hash = "";
  const query = {
    ...(position === undefined ? { from: wish.from } : { after: toCursor(position) }),
    partition: wish.partition,
    kinds: wish.kinds?.join(","),
    subscription: wish.subscription,
    limit: left,
    until: wish.until,
    wait: wish.wait,
  };
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  url.search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return url;
}

function whole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new BadWish(`${name} must be a whole number from ${least}`);
  }
}

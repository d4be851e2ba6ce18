/** Why following ends for good. Whatever is not one of these is waited out: the follower comes back. */

/** The positions that a feed has: records `oldest` to `head` of one epoch. */
export interface Available {
  readonly epoch: string;
  readonly oldest: number;
  readonly head: number;
}

/** The root: `code` is for programs, `detail` for people; neither holds a credential. */
export class FeedError extends Error {
  readonly code: string;
  readonly detail: string;
  readonly available: Available | undefined;

  constructor(code: string, detail: string, available?: Available) {
    super(`${code}: ${detail}${available === undefined ? "" : range(available)}`);
    this.name = new.target.name;
    this.code = code;
    this.detail = detail;
    this.available = available;
  }
}

/** The way to the server is not safe (http off the loopback, a bad certificate): set that right first. */
export class Unsafe extends FeedError {}

/** The wish makes no sense as it was given; nothing was sent. */
export class BadWish extends FeedError {
  constructor(detail: string) {
    super("bad_wish", detail);
  }
}

/** The credential or the request is refused: asking again would change nothing. */
export class Refused extends FeedError {}

/** The position cannot be followed from: decide where to begin anew. */
export class PositionRefused extends FeedError {}

/** What follows the position is no longer kept. */
export class TooOld extends PositionRefused {}

/** The position belongs to another epoch: the feed was restored. */
export class EpochChanged extends PositionRefused {}

/** The position was not reached yet. */
export class InTheFuture extends PositionRefused {}

/** A record is missing, asked for again and again: nothing beyond it was handed on. */
export class Hole extends PositionRefused {}

function range(available: Available): string {
  return ` (epoch ${available.epoch} has ${available.oldest} to ${available.head})`;
}

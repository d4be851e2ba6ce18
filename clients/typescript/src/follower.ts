/** Follows a feed over as many connections as it takes. */

import { ComeBack, goodbye } from "./answers.js";
import { Backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import { BadWish, FeedError, Refused } from "./errors.js";
import { Lines, readFrame } from "./frames.js";
import type { Frame, RecordFrame, WelcomeFrame } from "./frames.js";
import { Metrics } from "./metrics.js";
import type { Handler, Options } from "./options.js";
import { pause } from "./pause.js";
import { fromCursor, Place, toCursor, type Position } from "./position.js";
import { checkBase } from "./safety.js";
import { address, checkWish, hasEnd } from "./wish.js";

const HEALTHY_S = 60;
const SENDABLE = /^[\x21-\x7e]+$/;

/** What the caller's own function threw: passed on as it is. */
class Raised extends Error {}

/** Follows one feed, in order, each record once; `metrics` may be read at any time. */
export class Following {
  readonly metrics = new Metrics();
  readonly #options: Options;
  readonly #base: URL;
  readonly #backoff: Backoff;
  readonly #place: Place;
  #left: number | undefined;

  /** Throws `BadWish` or `Unsafe` for what cannot be followed; nothing is sent yet. */
  constructor(options: Options) {
    this.#options = checkWish(options) as Options;
    this.#base = checkBase(options.base);
    if (options.longestWait !== undefined && !(options.longestWait >= 0)) {
      throw new BadWish("longestWait is a number of seconds");
    }
    this.#backoff = new Backoff(options.longestWait);
    this.#place = new Place(options.after === undefined ? undefined : fromCursor(options.after));
    this.#left = options.limit;
    this.metrics.position = this.#place.position?.number ?? 0;
  }

  /** The last position that was passed; undefined before the first welcome. */
  get position(): Position | undefined {
    return this.#place.position;
  }

  /**
   * Hands each record to the handler, one after the other, and comes back whenever the connection ends.
   * Returns when the wish is fulfilled or the signal aborted; throws a `FeedError` that says why it can
   * never go on, or what the handler threw.
   */
  async run(handler: Handler): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#follow(handler);
        return;
      } catch (error) {
        if (error instanceof Raised) throw error.cause;
        if (error instanceof FeedError) throw error;
        if (this.#stopped) return;
        await this.#wait(error);
      }
    }
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  async #wait(trouble: unknown): Promise<void> {
    const waitS = this.#backoff.nextS(trouble instanceof ComeBack ? trouble.atLeastS : 0);
    this.#options.onTrouble?.(trouble instanceof Error ? trouble.message : String(trouble), waitS);
    await pause(waitS, this.#options.signal);
  }

  /** Reads one connection to the end that was wished for; throws for every other end. */
  async #follow(handler: Handler): Promise<void> {
    const headers = { Accept: "application/x-ndjson", Authorization: `Bearer ${await this.#credential()}` };
    const connection = new Connection(this.#options.transport, this.#options.signal);
    const began = Date.now();
    try {
      const url = address(this.#base, this.#options, this.#place.position, this.#left);
      if (await this.#listen(connection, connection.open(url, headers), handler)) return;
      throw new ComeBack("the connection has ended");
    } finally {
      if (this.metrics.connected && Date.now() - began >= HEALTHY_S * 1000) this.#backoff.healthy();
      this.metrics.connected = false;
      connection.close();
    }
  }

  /** Takes frame after frame; tells whether the end was one that was wished for. */
  async #listen(
    connection: Connection,
    pieces: AsyncIterable<Uint8Array>,
    handler: Handler,
  ): Promise<boolean> {
    const lines = new Lines();
    for await (const piece of pieces) {
      this.metrics.heard(piece.length);
      for (const line of lines.add(piece)) {
        const frame = readFrame(line);
        if (frame !== undefined) await this.#take(frame, connection, handler);
        if (this.#left === 0 || this.#stopped) return true;
      }
    }
    return this.metrics.connected && !lines.open && hasEnd(this.#options);
  }

  async #take(frame: Frame, connection: Connection, handler: Handler): Promise<void> {
    if (frame.frame === "bye" || frame.frame === "falling_behind") throw goodbye(frame);
    if (frame.frame === "welcome") return this.#welcomed(frame, connection);
    if (!this.metrics.connected) throw new ComeBack(`a ${frame.frame} came before the welcome`);
    if (frame.frame === "record") return this.#record(frame, handler);
    if (frame.frame === "heartbeat") {
      this.metrics.heartbeats += 1;
      this.metrics.reaches(frame.head);
      return this.#moved(frame.position);
    }
    this.metrics.gaps += 1;
    await raising(() => this.#options.onGap?.(frame));
    return this.#moved(frame.to);
  }

  #welcomed(frame: WelcomeFrame, connection: Connection): void {
    this.#place.welcomed(frame);
    if (frame.heartbeat_s > 0) connection.heartbeatS = frame.heartbeat_s;
    this.metrics.welcomed();
    this.metrics.position = this.#place.position?.number ?? 0;
    this.metrics.reaches(frame.head);
  }

  async #record(frame: RecordFrame, handler: Handler): Promise<void> {
    const judged = this.#place.judge(frame);
    if (judged === "repeated") {
      this.metrics.repeated += 1;
    } else if (judged === "hole") {
      this.metrics.holes += 1;
      this.#place.missed(frame);
      throw new ComeBack(`record ${frame.prev} did not come`);
    } else {
      await raising(() => handler(frame, toCursor(this.#place.at(frame.number))));
      this.#passed(frame);
    }
  }

  #passed(frame: RecordFrame): void {
    this.#place.passed(frame.number);
    this.#backoff.healthy();
    this.metrics.records += 1;
    this.metrics.position = frame.number;
    this.metrics.reaches(frame.number);
    if (this.#left !== undefined) this.#left -= 1;
  }

  async #moved(number: number): Promise<void> {
    if (!this.#place.passed(number)) return;
    this.metrics.position = number;
    await raising(() => this.#options.onMoved?.(toCursor(this.#place.at(number))));
  }

  /** Asks for a credential; where a function cannot give one now, the follower comes back. */
  async #credential(): Promise<string> {
    const given = this.#options.credential;
    const text = typeof given === "string" ? given : await given();
    if (typeof text !== "string" || !SENDABLE.test(text)) {
      throw new Refused("unauthorised", "the credential is empty or has characters that none has");
    }
    return text;
  }
}

async function raising(call: () => void | Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    throw new Raised("", { cause: error });
  }
}

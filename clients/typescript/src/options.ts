/** What a follower is told, and whom it tells. */

import type { GapFrame, RecordFrame } from "./frames.js";
import type { Transport } from "./transport.js";
import type { Wish } from "./wish.js";

/** A key or token, or a function that gives one (a fresh ticket) before each connection. */
export type Credential = string | (() => string | Promise<string>);

/** What a follower needs to know; times are seconds. */
export interface Options extends Wish {
  /** `https://HOST`; `http://` for this machine only; within a page also relative to it. */
  readonly base: string | URL;
  readonly credential: Credential;
  readonly transport: Transport;
  /** Caps every wait between two connections; 30 if not given. */
  readonly longestWait?: number;
  /** Ends following, well, when it is aborted. */
  readonly signal?: AbortSignal;
  /** A heartbeat or a gap has moved the position: a checkpoint may move with it. */
  readonly onMoved?: (checkpoint: string) => void | Promise<void>;
  /** Records were taken by retention before they could be read. */
  readonly onGap?: (gap: GapFrame) => void | Promise<void>;
  /** A connection is over: why, and in how many seconds the next one will be tried. */
  readonly onTrouble?: (reason: string, waitS: number) => void;
}

/** Takes a record; may store it with the checkpoint in one transaction. If it throws, following ends so. */
export type Handler = (record: RecordFrame, checkpoint: string) => void | Promise<void>;

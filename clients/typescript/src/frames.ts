/** The lines of a feed: bytes are put together to lines, lines are read as frames. */

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The first frame: where the feed stands, and where this stream begins. */
export interface WelcomeFrame {
  readonly frame: "welcome";
  readonly epoch: string;
  readonly oldest: number;
  readonly head: number;
  readonly from: number;
  readonly heartbeat_s: number;
}

/** One record, with the names that it has on the wire; `line` is the text that it came as. */
export interface RecordFrame {
  readonly frame: "record";
  readonly number: number;
  readonly prev?: number;
  readonly cursor: string;
  readonly kind: string;
  readonly case: string;
  readonly reference?: string;
  readonly live?: boolean;
  readonly recorded_at?: string;
  readonly final?: boolean;
  readonly data: { readonly [name: string]: Json };
  readonly line: string;
}

/** All of this part up to `position` was sent. */
export interface HeartbeatFrame {
  readonly frame: "heartbeat";
  readonly position: number;
  readonly head: number;
}

/** Records `from` to `to` will not come: retention overtook the reader. */
export interface GapFrame {
  readonly frame: "gap";
  readonly from: number;
  readonly to: number;
  readonly oldest: number;
  readonly reason: string;
}

/** The stream ends; `detail` and the range come with reasons that are final. */
export interface ByeFrame {
  readonly frame: "bye";
  readonly reason?: string;
  readonly detail?: string;
  readonly retry_after_ms?: number;
  readonly available?: { readonly epoch: string; readonly oldest: number; readonly head: number };
}

/** The stream ends because this reader is too slow. */
export interface FallingBehindFrame {
  readonly frame: "falling_behind";
  readonly retry_after_ms?: number;
}

export type Frame = WelcomeFrame | RecordFrame | HeartbeatFrame | GapFrame | ByeFrame | FallingBehindFrame;

/** Bytes that are no frames: the follower comes back, as after any trouble on the way. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

// The numbers that each frame must have; JSON's numbers are exact up to 2^53.
const NUMBERS: { readonly [frame: string]: readonly string[] } = {
  welcome: ["oldest", "head", "from"],
  record: ["number"],
  heartbeat: ["position", "head"],
  gap: ["from", "to"],
  bye: [],
  falling_behind: [],
};
const TEXTS: { readonly [frame: string]: readonly string[] } = { welcome: ["epoch"], record: ["cursor"] };
const LONGEST_LINE = 16 * 1024 * 1024;

/** Reads a line as a frame; gives undefined for frames that this client does not know. */
export function readFrame(line: string): Frame | undefined {
  const said = parsed(line);
  const name = said["frame"];
  const numbers = typeof name === "string" && Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (typeof name !== "string" || numbers === undefined) return undefined;
  const wrong = [
    ...numbers.filter((field) => !Number.isSafeInteger(said[field])),
    ...(TEXTS[name] ?? []).filter((field) => typeof said[field] !== "string"),
    ...(said["prev"] === undefined || Number.isSafeInteger(said["prev"]) ? [] : ["prev"]),
  ];
  if (wrong.length > 0) throw new Unreadable(`a ${name} came without a proper ${wrong.join(", ")}`);
  if (name === "record") said["line"] = line;
  return said as unknown as Frame;
}

function parsed(line: string): { [name: string]: Json } {
  let said: Json;
  try {
    said = JSON.parse(line) as Json;
  } catch {
    throw new Unreadable("a line came that is no JSON");
  }
  if (said === null || typeof said !== "object" || Array.isArray(said)) {
    throw new Unreadable("a line came that is no frame");
  }
  return said;
}

/** Puts the pieces of a response together to lines, wherever they were cut: also within a character. */
export class Lines {
  #pieces: Uint8Array[] = [];
  #held = 0;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** Takes a piece; gives the lines that it completes, without those that are empty. */
  *add(piece: Uint8Array): Generator<string> {
    let rest = piece;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = this.#whole(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      if (line !== "") yield line;
    }
    if (rest.length > 0) this.#hold(rest);
  }

  /** Whether a line has begun whose end has not come. */
  get open(): boolean {
    return this.#held > 0;
  }

  #hold(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held > LONGEST_LINE) throw new Unreadable(`a line is longer than ${LONGEST_LINE} bytes`);
  }

  #whole(last: Uint8Array): string {
    const bytes = new Uint8Array(this.#held + last.length);
    let at = 0;
    for (const piece of [...this.#pieces, last]) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#held = 0;
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new Unreadable("a line came that is no UTF-8");
    }
  }
}

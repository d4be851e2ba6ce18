/** One connection: asked for, listened to, left when it has gone silent. */

import { refusal } from "./answers.js";
import type { Answer, Transport } from "./transport.js";

const SILENT_HEARTBEATS = 2.5;
// Of the real server; the welcome tells its own.
const HEARTBEAT_S = 15;
const MOST_OF_A_REFUSAL = 64 * 1024;

/** The server has said nothing for two and a half heartbeats. */
export class Silent extends Error {
  override readonly name = "Silent";
}

/** Opens a stream and gives its bytes; `heartbeatS` may be set when the server has told it. */
export class Connection {
  heartbeatS = HEARTBEAT_S;
  readonly #abort = new AbortController();
  readonly #transport: Transport;
  readonly #stop: AbortSignal | undefined;
  readonly #leave = (): void => this.close();

  constructor(transport: Transport, stop: AbortSignal | undefined) {
    this.#transport = transport;
    this.#stop = stop;
    stop?.addEventListener("abort", this.#leave);
    if (stop?.aborted) this.close();
  }

  /** Gives the body's pieces as they come; throws `ComeBack` or a `FeedError` for another answer than 200. */
  async *open(url: URL, headers: Readonly<Record<string, string>>): AsyncGenerator<Uint8Array> {
    const signal = this.#abort.signal;
    const answer = await this.#heard(() => this.#transport(url, headers, signal));
    if (answer.status !== 200) {
      throw refusal(answer.status, await this.#body(answer), answer.header("retry-after"));
    }
    yield* this.#pieces(answer.chunks);
  }

  /** Leaves; may be called again. */
  close(): void {
    this.#stop?.removeEventListener("abort", this.#leave);
    this.#abort.abort();
  }

  async *#pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = chunks[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#heard(() => pieces.next());
      if (done === true) return;
      yield value;
    }
  }

  /** Waits for the server; the time that the reader itself takes between two waits does not count. */
  async #heard<T>(wait: () => Promise<T>): Promise<T> {
    const ms = this.heartbeatS * SILENT_HEARTBEATS * 1000;
    const silent = new Silent(`nothing was heard for ${ms / 1000} s`);
    const timer = setTimeout(() => this.#abort.abort(silent), ms);
    try {
      return await wait();
    } catch (error) {
      throw this.#abort.signal.reason === silent ? silent : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads a short body; what is too long or breaks off is not needed to know what the status means. */
  async #body(answer: Answer): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const piece of this.#pieces(answer.chunks)) {
        text += decoder.decode(piece, { stream: true });
        if (text.length > MOST_OF_A_REFUSAL) break;
      }
    } catch {
      return text;
    }
    return text;
  }
}

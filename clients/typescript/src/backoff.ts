/** How long to wait before coming back. */

const FIRST_S = 1;
const STEP_S = 0.5;
const MOST_S = 30;

/**
 * Full jitter that grows with each try that brought nothing: up to 1 s, 1 s, 2 s, 4 s … 30 s.
 * `longestWaitS` caps every wait; `random01` gives a number from 0 to 1.
 */
export class Backoff {
  #tries = 0;
  readonly #longestWaitS: number;
  readonly #random01: () => number;

  constructor(longestWaitS = MOST_S, random01: () => number = Math.random) {
    this.#longestWaitS = longestWaitS;
    this.#random01 = random01;
  }

  /** The last connection was of use: begin with short waits again. */
  healthy(): void {
    this.#tries = 0;
  }

  /** Gives the next wait in seconds; what the server asked for comes first, and jitter on top of it. */
  nextS(askedForS = 0): number {
    const most = this.#tries === 0 ? FIRST_S : Math.min(MOST_S, STEP_S * 2 ** this.#tries);
    this.#tries += 1;
    const jitter = this.#random01() * Math.min(most, this.#longestWaitS);
    return Math.min(this.#longestWaitS, askedForS + jitter);
  }
}

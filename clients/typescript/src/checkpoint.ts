/** A position kept in a file. */

import { readFileSync, renameSync, writeFileSync } from "node:fs";

import { BadWish } from "./errors.js";
import { fromCursor } from "./position.js";

/** Keeps a cursor in a file that is whole at every moment: a process that is killed leaves one or the other. */
export class FileCheckpoint {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Gives the cursor; undefined: there is no file yet. Throws `BadWish` where it holds something else. */
  load(): string | undefined {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8").trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new BadWish(`the checkpoint ${this.#file} cannot be read: ${(error as Error).message}`);
    }
    try {
      fromCursor(text);
    } catch {
      throw new BadWish(`${this.#file} holds no checkpoint; remove it to begin without`);
    }
    return text;
  }

  /** Replaces the cursor. */
  save(cursor: string): void {
    const next = `${this.#file}.new`;
    writeFileSync(next, `${cursor}\n`);
    renameSync(next, this.#file);
  }
}

/** Which cases lie on which part of a feed, and how parts are split and merged. */

import { BadWish } from "./errors.js";
import { toCursor, type Position } from "./position.js";
import { sha256 } from "./sha256.js";

/** Part `index` of `of`; written `index/of`. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

const MOST_PARTS = 64;

/** Gives a case's slot, 0 to 255: the first byte of the SHA-256 of its id. */
export function slot(caseId: string): number {
  return sha256(caseId)[0] ?? 0;
}

/** Gives the index of the part of `of` on which a case lies. */
export function partition(caseId: string, of: number): number {
  checkPart({ index: 0, of });
  return slot(caseId) % of;
}

/** Splits a part in two; each of them begins at the position of the one that was split. */
export function split(part: Part): readonly [Part, Part] {
  checkPart(part);
  const of = part.of * 2;
  return [checkPart({ index: part.index, of }), { index: part.index + part.of, of }];
}

/** Reads `i/n`; throws `BadWish` where n is no power of two up to 64, or i is not below n. */
export function readPart(text: string): Part {
  const found = /^([0-9]{1,2})\/([0-9]{1,2})$/.exec(text);
  return checkPart({ index: Number(found?.[1]), of: Number(found?.[2]) });
}

/** Gives the part back; throws `BadWish` where there is no such part. */
export function checkPart(part: Part): Part {
  const { index, of } = part;
  const power = Number.isInteger(of) && of >= 1 && of <= MOST_PARTS && (of & (of - 1)) === 0;
  if (!power || !Number.isInteger(index) || index < 0 || index >= of) {
    throw new BadWish(`a partition is i/n, n a power of two up to ${MOST_PARTS}, i from 0 to n - 1`);
  }
  return part;
}

/** Parts that are read as one from now on, each with the position that it had reached. */
export class Merged {
  readonly #parts: readonly (readonly [Part, Position])[];

  constructor(parts: Iterable<readonly [Part, Position]>) {
    this.#parts = [...parts];
    const epochs = new Set(this.#parts.map(([, position]) => position.epoch));
    if (epochs.size !== 1) throw new BadWish("parts can be merged that have positions of one epoch");
    this.#parts.forEach(([part]) => checkPart(part));
  }

  /** Where to begin: the cursor of the part that is furthest behind. */
  get after(): string {
    const [first, ...rest] = this.#parts.map(([, position]) => position);
    if (first === undefined) throw new BadWish("there are no parts to merge");
    return toCursor(rest.reduce((least, each) => (each.number < least.number ? each : least), first));
  }

  /** Tells whether a record was passed by the part that it lay on; throws where none of them had it. */
  passed(record: { readonly case: string; readonly number: number }): boolean {
    const at = slot(record.case);
    const found = this.#parts.find(([part]) => at % part.of === part.index);
    if (found === undefined) throw new BadWish(`no part that was merged has case ${record.case}`);
    return record.number <= found[1].number;
  }
}

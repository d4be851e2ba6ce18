/** What an answer or a goodbye means: an end for good, or a wait before coming back. */

import { EpochChanged, FeedError, InTheFuture, Refused, TooOld, type Available } from "./errors.js";
import type { ByeFrame, FallingBehindFrame } from "./frames.js";

/** The connection is over and the follower will come back, in `atLeastS` seconds or later. */
export class ComeBack extends Error {
  override readonly name = "ComeBack";
  readonly atLeastS: number;

  constructor(reason: string, atLeastS = 0) {
    super(reason);
    this.atLeastS = atLeastS;
  }
}

const FINAL_GOODBYES = new Set([
  "revoked",
  "replaced",
  "unauthorised",
  "forbidden_scope",
  "too_old",
  "epoch_changed",
]);
const POSITIONS: { readonly [code: string]: typeof TooOld } = {
  too_old: TooOld,
  epoch_changed: EpochChanged,
  in_the_future: InTheFuture,
};
const CODES: { readonly [status: number]: string } = {
  400: "invalid",
  401: "unauthorised",
  403: "forbidden_scope",
  404: "not_found",
  409: "epoch_changed",
  410: "too_old",
  416: "in_the_future",
};
const LATER = new Set([408, 425, 429]);
const NOT_BUILT = 501;

/** Tells what a goodbye means. */
export function goodbye(frame: ByeFrame | FallingBehindFrame): ComeBack | FeedError {
  const reason = frame.frame === "bye" ? String(frame.reason) : frame.frame;
  if (frame.frame === "bye" && FINAL_GOODBYES.has(reason)) {
    return final(reason, frame.detail ?? "the server has ended the stream", range(frame.available));
  }
  const asked = frame.retry_after_ms;
  return new ComeBack(`bye: ${reason}`, typeof asked === "number" && asked > 0 ? asked / 1000 : 0);
}

/** Tells what a status other than 200 means; `text` is the body, a problem document (RFC 9457) or not. */
export function refusal(status: number, text: string, retryAfter: string | null): ComeBack | FeedError {
  if (LATER.has(status) || (status >= 500 && status !== NOT_BUILT)) {
    return new ComeBack(`HTTP ${status}`, seconds(retryAfter));
  }
  const problem = parsed(text);
  if (status >= 300 && status < 400) {
    return new Refused("redirected", "the server leads elsewhere, and a credential is not taken there");
  }
  const code = typeof problem["code"] === "string" ? problem["code"] : (CODES[status] ?? "refused");
  const detail = typeof problem["detail"] === "string" ? problem["detail"] : `the server answered ${status}`;
  return final(code, detail, range(problem["available"]));
}

/** Reads `Retry-After`, seconds or a date, as seconds from now. */
export function seconds(retryAfter: string | null, nowMs: number = Date.now()): number {
  if (retryAfter === null) return 0;
  const number = /^\d+$/.test(retryAfter.trim());
  const given = number ? Number(retryAfter) : (Date.parse(retryAfter) - nowMs) / 1000;
  return given > 0 ? given : 0;
}

function final(code: string, detail: string, available: Available | undefined): FeedError {
  const kind = Object.hasOwn(POSITIONS, code) ? POSITIONS[code] : undefined;
  return new (kind ?? Refused)(code, detail, available);
}

function parsed(text: string): { [name: string]: unknown } {
  try {
    const said: unknown = JSON.parse(text);
    return said !== null && typeof said === "object" ? { ...said } : {};
  } catch {
    return {};
  }
}

function range(said: unknown): Available | undefined {
  if (said === null || typeof said !== "object") return undefined;
  const { epoch, oldest, head } = said as Partial<Available>;
  if (typeof epoch !== "string" || typeof oldest !== "number" || typeof head !== "number") return undefined;
  return { epoch, oldest, head };
}

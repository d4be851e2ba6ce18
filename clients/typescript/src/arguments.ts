/** The arguments of the command line. */

import { parseArgs } from "node:util";

import { BadWish } from "./errors.js";
import type { FollowerOptions } from "./node_follower.js";

export const USAGE = `usage: vouch-follow [--url URL] [--from N|earliest|latest | --after CURSOR] [--case ID]
  [--partition i/n] [--kinds a,b] [--subscription NAME] [--limit N] [--until caught_up] [--wait S]
  [--ca FILE] [--checkpoint FILE] [--longest-wait S] [--metrics]
Prints the records of a feed, a line each. The key is taken from the environment: VOUCH_KEY.`;

/** What the command line says. */
export interface Given {
  readonly options: Omit<FollowerOptions, "credential">;
  readonly checkpoint: string | undefined;
  readonly metrics: boolean;
  readonly help: boolean;
}

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;
const KNOWN = {
  url: { ...TEXT, default: "http://127.0.0.1:8000" },
  from: TEXT,
  after: TEXT,
  case: TEXT,
  partition: TEXT,
  kinds: TEXT,
  subscription: TEXT,
  limit: TEXT,
  until: TEXT,
  wait: TEXT,
  ca: TEXT,
  checkpoint: TEXT,
  "longest-wait": TEXT,
  metrics: FLAG,
  help: FLAG,
} as const;

/** Reads the arguments; throws `BadWish` for what is unknown or no value of its kind. */
export function readArguments(given: readonly string[]): Given {
  const values = parsed(given);
  const options = {
    base: values.url,
    from: from(values.from),
    after: values.after,
    case: values.case,
    partition: values.partition,
    kinds: values.kinds?.split(","),
    subscription: values.subscription,
    limit: number("--limit", values.limit, /^\d{1,15}$/),
    until: until(values.until),
    wait: number("--wait", values.wait, /^\d{1,15}$/),
    caFile: values.ca,
    longestWait: number("--longest-wait", values["longest-wait"], /^\d{1,9}(\.\d{1,9})?$/),
  };
  const { checkpoint, metrics, help } = values;
  return { options: withoutUndefined(options), checkpoint, metrics, help };
}

function parsed(given: readonly string[]) {
  try {
    return parseArgs({ args: [...given], options: KNOWN, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new BadWish((error as Error).message.split("\n")[0] ?? "");
  }
}

function from(text: string | undefined): number | "earliest" | "latest" | undefined {
  return text === "earliest" || text === "latest" ? text : number("--from", text, /^\d{1,15}$/);
}

function until(text: string | undefined): "caught_up" | undefined {
  if (text === undefined || text === "caught_up") return text;
  throw new BadWish("--until can only be caught_up");
}

function number(name: string, text: string | undefined, form: RegExp): number | undefined {
  if (text === undefined) return undefined;
  if (!form.test(text)) throw new BadWish(`${name} cannot be ${text}`);
  return Number(text);
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends { base: string }>(all: T): Present<T> & { base: string } {
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return present as Present<T> & { base: string };
}

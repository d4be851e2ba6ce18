#!/usr/bin/env node
/** `vouch-follow`: prints the records of a feed, each as the line that it came as. */

import { readArguments, USAGE, type Given } from "./arguments.js";
import { FileCheckpoint } from "./checkpoint.js";
import { BadWish, FeedError, PositionRefused, Unsafe } from "./errors.js";
import { Follower } from "./node_follower.js";

const DONE = 0;
const WRONG_USE = 2;
const WRONG_POSITION = 3;
const REFUSED = 4;
const FAILED = 1;
const TRIES_UNTIL_TOLD = 5;

/** Whoever read our output has gone. */
class NobodyReads extends Error {}

async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  if (given.help) {
    await print(USAGE);
    return DONE;
  }
  const checkpoint = given.checkpoint === undefined ? undefined : new FileCheckpoint(given.checkpoint);
  const follower = made(given, checkpoint);
  try {
    await follower.run(async (record, cursor) => {
      await print(record.line);
      checkpoint?.save(cursor);
    });
  } finally {
    if (given.metrics) tell(JSON.stringify(follower.metrics));
  }
  return DONE;
}

function made(given: Given, checkpoint: FileCheckpoint | undefined): Follower {
  const credential = process.env["VOUCH_KEY"] ?? "";
  if (credential === "") throw new BadWish("the key is missing: set VOUCH_KEY");
  const { from, after, ...rest } = given.options;
  if (from !== undefined && after !== undefined) throw new BadWish("give either --from or --after");
  const kept = checkpoint?.load();
  let tries = 0;
  const follower: Follower = new Follower({
    ...(kept === undefined ? given.options : { ...rest, after: kept }),
    credential,
    signal: interrupted(),
    onMoved: (cursor) => checkpoint?.save(cursor),
    onTrouble: (reason) => {
      tries += 1;
      if (tries !== TRIES_UNTIL_TOLD || follower.metrics.connections > 0) return;
      tell(`vouch-follow: no connection after ${tries} tries (${reason}); still trying`);
    },
  });
  return follower;
}

function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(new NobodyReads()) : resolve()));
  });
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function exitCode(error: unknown): number {
  if (error instanceof NobodyReads) return DONE;
  tell(`vouch-follow: ${(error instanceof Error ? error.message : String(error)).replaceAll("\n", " ")}`);
  if (error instanceof Unsafe || error instanceof BadWish) return WRONG_USE;
  if (error instanceof PositionRefused) return WRONG_POSITION;
  return error instanceof FeedError ? REFUSED : FAILED;
}

// Certificates are checked whatever this says; Node would only warn that they were not.
delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
process.stdout.on("error", () => undefined);
process.exitCode = await main().catch(exitCode);

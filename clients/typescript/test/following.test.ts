import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";

import { Follower, Refused } from "../src/node.js";
import * as pages from "../src/index.js";

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

const RANGE = { epoch: "0badcafe", oldest: 1, head: 9 };
const WELCOME = JSON.stringify({ frame: "welcome", ...RANGE, from: 1, heartbeat_s: 15 });

function record(number: number): string {
  const place = { number, prev: number - 1, cursor: `0badcafe-${number}` };
  return JSON.stringify({ frame: "record", ...place, kind: "case", case: "c", data: {} });
}

/** Serves one list of lines a request, each cut off without its end; gives the address and what was asked. */
async function serving(...answers: string[][]): Promise<{ base: string; asked: string[]; keys: string[] }> {
  const asked: string[] = [];
  const keys: string[] = [];
  const server = createServer((request, response) => {
    const lines = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(request.url ?? "");
    keys.push(request.headers.authorization ?? "");
    response.writeHead(200);
    response.write(`${lines.join("\n")}\n`, () => setTimeout(() => response.destroy(), 20));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, keys };
}

for (const [name, Kind] of [["Node", Follower], ["pages", pages.Follower]] as const) {
  test(`the follower of ${name} comes back after a cut, with another credential`, async () => {
    const { base, asked, keys } = await serving([WELCOME, record(1), record(2)], [WELCOME, record(3)]);
    let tickets = 0;
    const credential = (): string => `ticket-${(tickets += 1)}`;
    const follower = new Kind({ base, credential, from: 1, limit: 3, longestWait: 0 });
    const got: string[] = [];

    await follower.run((_, checkpoint) => void got.push(checkpoint));

    assert.deepEqual(got, ["0badcafe-1", "0badcafe-2", "0badcafe-3"]);
    assert.deepEqual(asked, ["/v1/feed?from=1&limit=3", "/v1/feed?after=0badcafe-2&limit=1"]);
    assert.deepEqual(keys, ["Bearer ticket-1", "Bearer ticket-2"]);
    assert.deepEqual([follower.metrics.reconnects, follower.metrics.connected], [1, false]);
  });
}

test("a handler that throws ends following with its own error, and the position has not moved", async () => {
  const { base, asked } = await serving([WELCOME, record(1), record(2)]);
  const follower = new Follower({ base, credential: "k", from: 1, longestWait: 0 });
  const mine = new Error("the disk is full");

  const ended = follower.run(async (each) => {
    if (each.number === 2) throw mine;
  });

  await assert.rejects(ended, (error) => error === mine);
  assert.deepEqual([follower.position?.number, asked.length], [1, 1]);
});

test("an aborted signal ends following well, with the record in hand done", async () => {
  const { base } = await serving([WELCOME, record(1), record(2)]);
  const stop = new AbortController();
  const follower = new Follower({ base, credential: "k", from: 1, signal: stop.signal });

  await follower.run(() => stop.abort());

  assert.equal(follower.position?.number, 1);
});

test("an aborted signal also ends a wait", async () => {
  const { base } = await serving([]);
  const stop = new AbortController();
  const onTrouble = (): void => void setTimeout(() => stop.abort(), 5);
  await new Follower({ base, credential: "k", signal: stop.signal, onTrouble }).run(() => undefined);
});

test("a credential that cannot be had now is asked for again; one that cannot be sent is final", async () => {
  const { base, asked } = await serving([WELCOME, record(1)]);
  let asks = 0;
  const credential = async (): Promise<string> => {
    asks += 1;
    if (asks < 3) throw new Error("the ticket office is away");
    return "k";
  };
  await new Follower({ base, credential, from: 1, limit: 1, longestWait: 0 }).run(() => undefined);
  assert.deepEqual([asks, asked.length], [3, 1]);
  await assert.rejects(new Follower({ base, credential: "a\r\nb" }).run(() => undefined), Refused);
});

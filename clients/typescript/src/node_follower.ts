/** The follower of a Node program. */

import { readFileSync } from "node:fs";

import { Unsafe } from "./errors.js";
import { Following } from "./follower.js";
import { nodeTransport } from "./node_transport.js";
import type { Options } from "./options.js";
import type { Transport } from "./transport.js";

/** Options of a follower in Node; `caFile` is a PEM file of authorities to trust besides Node's own. */
export type FollowerOptions = Omit<Options, "transport"> & {
  readonly transport?: Transport;
  readonly caFile?: string;
};

/** Follows a feed from Node. */
export class Follower extends Following {
  constructor({ caFile, transport, ...options }: FollowerOptions) {
    const ca = caFile === undefined ? undefined : readAuthority(caFile);
    super({ ...options, transport: transport ?? nodeTransport(ca) });
  }
}

function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new Unsafe("bad_authority", `${file} cannot be read: name a PEM file of certificates`);
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new Unsafe("bad_authority", `${file} holds no certificate in PEM`);
}

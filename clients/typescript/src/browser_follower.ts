/** The follower of a page. */

import { Following } from "./follower.js";
import type { Options } from "./options.js";
import { fetchTransport, type Transport } from "./transport.js";

/** Options of a follower that goes by `fetch` unless another transport is given. */
export type FollowerOptions = Omit<Options, "transport"> & { readonly transport?: Transport };

/** Follows a feed from a page, by `fetch`; in Node use the one of `vouch-feed/node`. */
export class Follower extends Following {
  constructor(options: FollowerOptions) {
    super({ ...options, transport: options.transport ?? fetchTransport });
  }
}

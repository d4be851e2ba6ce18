/** The door for pages: a follower that goes by `fetch`. Nothing here needs Node. */

export { Follower, type FollowerOptions } from "./browser_follower.js";
export * from "./core.js";
export { fetchTransport } from "./transport.js";

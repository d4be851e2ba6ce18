/** The door for Node: a follower that checks certificates itself, and a checkpoint in a file. */

export { FileCheckpoint } from "./checkpoint.js";
export * from "./core.js";
export { Follower, type FollowerOptions } from "./node_follower.js";
export { nodeTransport } from "./node_transport.js";

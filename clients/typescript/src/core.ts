/** What is alike in a browser and in Node. */

export {
  BadWish,
  EpochChanged,
  FeedError,
  Hole,
  InTheFuture,
  PositionRefused,
  Refused,
  TooOld,
  Unsafe,
  type Available,
} from "./errors.js";
export { type GapFrame, type Json, type RecordFrame } from "./frames.js";
export { type Metrics } from "./metrics.js";
export { type Credential, type Handler } from "./options.js";
export { Merged, partition, readPart, slot, split, type Part } from "./partitions.js";
export { fromCursor, toCursor, type Position } from "./position.js";
export { type Answer, type Transport } from "./transport.js";
export { type Wish } from "./wish.js";

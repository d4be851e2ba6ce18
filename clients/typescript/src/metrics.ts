/** What a follower counts. */

/**
 * Counts since the follower was made, and where it stands. `connections` that were welcomed, `reconnects`
 * those after the first; `bytes` of bodies; `position` and `head` are numbers of the feed; `last_heard`:
 * seconds since 1970 UTC, null: never.
 */
export class Metrics {
  records = 0;
  repeated = 0;
  holes = 0;
  gaps = 0;
  connections = 0;
  reconnects = 0;
  heartbeats = 0;
  bytes = 0;
  position = 0;
  head = 0;
  connected = false;
  last_heard: number | null = null;

  /** Records between the position and the head, as far as the feed has told. */
  get lag(): number {
    return Math.max(0, this.head - this.position);
  }

  /** Notes bytes that came. */
  heard(bytes: number): void {
    this.bytes += bytes;
    this.last_heard = Date.now() / 1000;
  }

  /** Notes that a connection was welcomed. */
  welcomed(): void {
    if (this.connections > 0) this.reconnects += 1;
    this.connections += 1;
    this.connected = true;
  }

  /** Notes how far the feed goes. */
  reaches(head: number): void {
    this.head = Math.max(this.head, head);
  }

  toJSON(): object {
    return { ...this, lag: this.lag };
  }
}

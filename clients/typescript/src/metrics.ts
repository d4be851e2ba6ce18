/** What a follower counts. */

/** Figures since the follower was made; `last_heard` is an RFC 3339 time of the last bytes. */
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
  last_heard: string | null = null;

  /** Records between the position and the head, as far as the feed has told. */
  get lag(): number {
    return Math.max(0, this.head - this.position);
  }

  /** Notes bytes that came. */
  heard(bytes: number): void {
    this.bytes += bytes;
    this.last_heard = new Date().toISOString();
  }

  /** Notes how far the feed goes. */
  reaches(head: number): void {
    this.head = Math.max(this.head, head);
  }

  toJSON(): object {
    return { ...this, lag: this.lag };
  }
}

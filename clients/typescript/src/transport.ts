/** How a request reaches the server. A browser has one way, Node another: see `node_transport.ts`. */

/** A response whose headers have come; `chunks` throws when the connection is cut before its end. */
export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Sends a GET, follows no redirect, checks certificates; ends all it does when the signal says so. */
export type Transport = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Answer>;

/**
 * The browser's way. A browser tells pages nothing of certificates: a bad one is never spoken to, yet looks
 * like a server that is not there, and is tried again.
 */
export const fetchTransport: Transport = async (url, headers, signal) => {
  const response = await fetch(url, {
    headers,
    signal,
    redirect: "manual",
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  return {
    // A browser hides where a redirect leads, and its status.
    status: response.type === "opaqueredirect" ? 307 : response.status,
    header: (name) => response.headers.get(name),
    chunks: pieces(response.body),
  };
};

async function* pieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    // What was cut has no end to wait for.
    if (!ended) reader.cancel().catch(() => undefined);
  }
}

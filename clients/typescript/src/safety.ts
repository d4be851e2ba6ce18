/** Where a credential may be sent: over TLS, or to this machine. */

import { BadWish, Unsafe } from "./errors.js";

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/**
 * Reads the address of a server; within a page it may be relative to the page's own.
 * Throws `Unsafe` for http to other machines: the credential would be read on the way.
 */
export function checkBase(base: string | URL): URL {
  const url = parsed(base);
  if (url.username !== "" || url.password !== "") {
    throw new Unsafe("unsafe_address", "leave the name before the @ out of the address; give https://HOST");
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname))) return url;
  const why = "the credential would cross the network in clear";
  throw new Unsafe("unsafe_address", `${url.protocol}//${url.host} is refused: ${why}; use https://`);
}

function parsed(base: string | URL): URL {
  const page = (globalThis as { location?: { href?: string } }).location?.href;
  try {
    return new URL(base, page);
  } catch {
    throw new BadWish("the address of the server is none; it looks like https://HOST");
  }
}

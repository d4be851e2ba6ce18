/**
 * Node's way to the server. Not the global fetch: that takes no private authority, and believes every
 * certificate where NODE_TLS_REJECT_UNAUTHORIZED=0 is in the environment.
 */

import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates, TLSSocket } from "node:tls";

import { Unsafe } from "./errors.js";
import type { Answer, Transport } from "./transport.js";

const CONNECT_WITHIN_S = 10;

/** Makes a transport that trusts Node's authorities, and those of `ca` (PEM) besides. No proxy is used. */
export function nodeTransport(ca?: string): Transport {
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const secure = new https.Agent({ keepAlive: false, rejectUnauthorized: true, ...trusted });
  const plain = new http.Agent({ keepAlive: false });
  return (url, headers, signal) =>
    new Promise((resolve, reject) => {
      const options = { headers, signal };
      const request =
        url.protocol === "https:"
          ? https.request(url, { ...options, agent: secure, rejectUnauthorized: true })
          : http.request(url, { ...options, agent: plain });
      connectInTime(request);
      request.on("error", (error) => reject(unsafe(request, error) ?? error));
      request.on("response", (response) => resolve(answer(response)));
      request.end();
    });
}

function connectInTime(request: http.ClientRequest): void {
  const late = new Error(`no connection within ${CONNECT_WITHIN_S} s`);
  const timer = setTimeout(() => request.destroy(late), CONNECT_WITHIN_S * 1000);
  const inTime = (): void => clearTimeout(timer);
  request.on("close", inTime);
  request.on("socket", (socket) => {
    socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", inTime);
  });
}

function answer(response: http.IncomingMessage): Answer {
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    },
    chunks: response,
  };
}

/** Tells a certificate that is not right from a connection that failed. */
function unsafe(request: http.ClientRequest, error: NodeJS.ErrnoException): Unsafe | undefined {
  const { socket } = request;
  // Node notes on the socket why it did not believe the certificate, with the words of X.509.
  if (!(socket instanceof TLSSocket) || !socket.authorizationError) return undefined;
  const code = error.code ?? String(socket.authorizationError);
  const what = `the server's certificate is not to be trusted (${code}: ${error.message})`;
  return new Unsafe("bad_certificate", `${what}; nothing was sent; ${remedy(code)}`);
}

function remedy(code: string): string {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "use the host name that the certificate is made for";
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "have the certificate renewed, or set this machine's clock right";
  }
  return "if the server has an authority of its own, name its file (caFile, --ca)";
}

/**
 * Who may come in by a browser: requests for one of the server's own names, and writes from its own pages. So a name that was rebound to this machine's address
 * leads nowhere, and no other page writes here. What is served is not known here; programs send no Origin, and come by a name of the certificate, or by address.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { answerFailure, Rejection } from '../functions/api/problems.ts';
import type { Tls } from './certificate.ts';

const HOST = /^([^:[\]@/?#]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of what others wrote, in an answer. */
const SHOWN_MAX = 100;

export class Doorway {
  readonly #url: URL;
  #certificate: X509Certificate;

  /** `url`: how people reach the server, if something stands before it. */
  constructor({ certificate }: Pick<Tls, 'certificate'>, url: string) {
    this.#url = new URL(url);
    this.#certificate = new X509Certificate(certificate);
  }

  renew({ certificate }: Pick<Tls, 'certificate'>): void {
    this.#certificate = new X509Certificate(certificate);
  }

  /** An answer if the request is not to go on. */
  refuse(request: Request, requestId: string): Response | undefined {
    const host = (request.headers.get('host') ?? '').toLowerCase();
    // Health probes of HTTP/1.0 have none; browsers always do.
    if (host !== '' && !this.#isOwn(host))
      return refused(requestId, {
        code: 'misdirected',
        detail: `This server is not called ${host.slice(0, SHOWN_MAX)}. Use a name of its certificate, or start it with --name NAME.`,
      });
    const origin = request.headers.get('origin');
    if (origin === null || READS.has(request.method)) return undefined;
    if (origin === `https://${host}` || origin === this.#url.origin) return undefined;
    return refused(requestId, {
      code: 'foreign_origin',
      detail: `A page of ${origin.slice(0, SHOWN_MAX)} may not write here. Programs send no Origin; if that is a proxy before this server, start it with --url.`,
    });
  }

  /** An address can't be rebound: who has its page has it from that very address. */
  #isOwn(host: string): boolean {
    const name = HOST.exec(host)?.[1];
    if (name === undefined) return false;
    if (isIP(name.replaceAll(/[[\]]/g, '')) !== 0 || name === this.#url.hostname) return true;
    return this.#certificate.checkHost(name) !== undefined;
  }
}

function refused(requestId: string, refusal: Rejection['refusal']): Response {
  return answerFailure(new Rejection(refusal), requestId);
}

/** Why nothing came back from the control plane, and what to do about it. */
import type { Profile } from './profile.ts';

/** Of OpenSSL, by way of Node: whoever answered is vouched for by nobody that we know. */
const UNKNOWN_AUTHORITY = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE/;

export function silenceOf(
  { url, ca }: Pick<Profile, 'url' | 'ca'>,
  { message, code = '' }: Error & { readonly code?: string },
): string {
  if (UNKNOWN_AUTHORITY.test(code)) {
    const next =
      ca === undefined
        ? "If it is of an authority of your own, say which: isthmus login … --ca FILE, or ISTHMUS_CA=FILE; the control plane's state has it as ca.pem"
        : 'The authority given by --ca or ISTHMUS_CA is another one; fetch it anew';
    return `${url} answers with a certificate that nobody known has signed (${message}). ${next}.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${url} answers with a certificate for other names (${message}). Log in by one of these.`;
  if (code === 'CERT_HAS_EXPIRED') return `${url} answers with a certificate that has ended; renew it.`;
  // An answer in the clear to a handshake.
  if (/wrong version number|packet length too long/i.test(message))
    return `${url} does not speak TLS there. Is the port right?`;
  return `${url} does not answer: ${message}`;
}

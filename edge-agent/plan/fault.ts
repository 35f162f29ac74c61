/** How the guard says no. */
import type { Finding } from '../../protocol/report.ts';

/** `subject` is what to look for in the control plane. */
export function fault(code: string, message: string, subject: string): Finding {
  return {
    code: `guard.${code}`,
    level: 'error',
    message: `${message} The document is not applied; the one before stays in force.`,
    fix: `Look for ${subject} among the sites, pools and hubs of the control plane, and correct or remove it.`,
  };
}

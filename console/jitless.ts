/** Schemas must not make programs of themselves: our security policy refuses that, and the browser would tell of every attempt. It has to come first. */
import { config } from 'zod';

config({ jitless: true });

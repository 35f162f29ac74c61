/**
 * A network configuration of the runtime with our plugin in the place of its own address plugin, and back. The own one's settings stay where they
 * are, so that it is given the very call when it is its turn. Values in, values out.
 */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { SHIM_NAME } from './shim.ts';

const Plugin = z.looseObject({
  type: z.string(),
  ipam: z.looseObject({ type: z.string(), delegate: z.string().optional() }).optional(),
});
const Conflist = z.looseObject({ plugins: z.array(Plugin).min(1) });

/** `same`: nothing is to be written. */
export type Patch =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly reason: string };

export function install(text: string): Patch {
  return patch(text, (ipam, type) => {
    if (ipam.type === SHIM_NAME) return 'same';
    if (type !== 'bridge')
      return `The network's plugin is ${type}: addresses of pools are known to work with bridge and routes between nodes alone.`;
    const { type: delegate, ...settings } = ipam;
    return { ...settings, type: SHIM_NAME, delegate };
  });
}

export function uninstall(text: string): Patch {
  return patch(text, ({ delegate, ...settings }) => {
    if (settings.type !== SHIM_NAME) return 'same';
    return delegate === undefined ? `It names no delegate to go back to.` : { ...settings, type: delegate };
  });
}

type Ipam = NonNullable<z.infer<typeof Plugin>['ipam']>;

function patch(text: string, change: (ipam: Ipam, type: string) => Ipam | 'same' | string): Patch {
  const conflist = Conflist.safeParse(parseJson(text)).data;
  if (conflist === undefined) return { kind: 'refused', reason: 'It is no list of plugins (conflist).' };
  const [main, ...others] = conflist.plugins;
  if (main?.ipam === undefined)
    return { kind: 'refused', reason: 'Its first plugin has no ipam of its own in the file.' };
  const changed = change(main.ipam, main.type);
  if (changed === 'same') return { kind: 'same' };
  if (typeof changed === 'string') return { kind: 'refused', reason: changed };
  const plugins = [{ ...main, ipam: changed }, ...others];
  return { kind: 'text', text: `${JSON.stringify({ ...conflist, plugins }, null, 2)}\n` };
}

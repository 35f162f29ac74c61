/** Every screen has an address: the one way from a path to a screen and back. What is no screen is said so, not guessed at. */
import { type Section, sectionAt, sectionParts } from './sections.ts';

export type Screen =
  | { readonly kind: 'home' }
  | { readonly kind: 'events' }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'section'; readonly tenant: string; readonly section: Section }
  | { readonly kind: 'unknown'; readonly path: string };

export function screenAt(path: string): Screen {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, ...more] = parts;
  const unknown: Screen = { kind: 'unknown', path };
  if (first === undefined) return { kind: 'home' };
  if (first === 'events' && second === undefined) return { kind: 'events' };
  if (first !== 'tenants' || second === undefined) return unknown;
  const tenant = decode(second);
  if (tenant === undefined) return unknown;
  if (more.length === 0) return { kind: 'tenant', tenant };
  const rest = more.map(decode).filter((part) => part !== undefined);
  const section = rest.length === more.length ? sectionAt(rest) : undefined;
  return section === undefined ? unknown : { kind: 'section', tenant, section };
}

export function pathOf(screen: Screen): string {
  switch (screen.kind) {
    case 'home':
      return '/';
    case 'events':
      return '/events';
    case 'tenant':
      return `/tenants/${encodeURIComponent(screen.tenant)}`;
    case 'section':
      return ['', 'tenants', screen.tenant, ...sectionParts(screen.section)]
        .map(encodeURIComponent)
        .join('/');
    case 'unknown':
      return screen.path;
  }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Every screen has an address: the one way from a path to a screen and back. What is no screen is said so, not guessed at. */

export type Screen =
  | { readonly kind: 'home' }
  | { readonly kind: 'events' }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'unknown'; readonly path: string };

export function screenAt(path: string): Screen {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, ...more] = parts;
  const unknown: Screen = { kind: 'unknown', path };
  if (first === undefined) return { kind: 'home' };
  if (first === 'events' && second === undefined) return { kind: 'events' };
  if (first !== 'tenants' || second === undefined || more.length > 0) return unknown;
  const tenant = decode(second);
  return tenant === undefined ? unknown : { kind: 'tenant', tenant };
}

export function pathOf(screen: Screen): string {
  switch (screen.kind) {
    case 'home':
      return '/';
    case 'events':
      return '/events';
    case 'tenant':
      return `/tenants/${encodeURIComponent(screen.tenant)}`;
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

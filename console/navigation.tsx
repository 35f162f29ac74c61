/** The address bar and the screens: links that the browser can open elsewhere too, and the way back. */
import { type ReactNode, useMemo, useSyncExternalStore } from 'react';
import { pathOf, type Screen, screenAt } from './view/screens.ts';

const MOVED = 'isthmus:moved';

export function useScreen(): Screen {
  return screenAt(useSyncExternalStore(listen, () => location.pathname));
}

/** What stands behind the path: the filters and choices of a screen. */
export function useSearch(): URLSearchParams {
  const search = useSyncExternalStore(listen, () => location.search);
  return useMemo(() => new URLSearchParams(search), [search]);
}

/** `search` begins with `?`, or is empty. */
export function goTo(screen: Screen, search = ''): void {
  moveTo(`${pathOf(screen)}${search}`, 'push');
}

function listen(changed: () => void): () => void {
  addEventListener('popstate', changed);
  addEventListener(MOVED, changed);
  return () => {
    removeEventListener('popstate', changed);
    removeEventListener(MOVED, changed);
  };
}

/** To another address of ours; `replace`: the one before is not to be returned to. */
export function moveTo(path: string, how: 'push' | 'replace'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  dispatchEvent(new Event(MOVED));
}

export interface LinkProps {
  readonly to: Screen;
  /** Begins with `?`. */
  readonly search?: string;
  /** It also stands for what is below it. */
  readonly holdsBelow?: boolean;
  readonly children: ReactNode;
}

export function Link({ to, search = '', holdsBelow = false, children }: LinkProps) {
  const path = pathOf(to);
  const here = pathOf(useScreen());
  const isHere = here === path || (holdsBelow && here.startsWith(`${path}/`));
  return (
    <a
      href={`${path}${search}`}
      aria-current={isHere ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        goTo(to, search);
      }}
    >
      {children}
    </a>
  );
}

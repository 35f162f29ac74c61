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
  history.pushState(null, '', `${pathOf(screen)}${search}`);
  dispatchEvent(new Event(MOVED));
}

function listen(changed: () => void): () => void {
  addEventListener('popstate', changed);
  addEventListener(MOVED, changed);
  return () => {
    removeEventListener('popstate', changed);
    removeEventListener(MOVED, changed);
  };
}

export interface LinkProps {
  readonly to: Screen;
  /** Begins with `?`. */
  readonly search?: string;
  readonly children: ReactNode;
}

export function Link({ to, search = '', children }: LinkProps) {
  const path = pathOf(to);
  const isHere = pathOf(useScreen()) === path;
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

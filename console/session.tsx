/** Who is signed in: an API key for as long as the tab is open. It must not be kept anywhere else, and no other module may read it. */
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { type ApiClient, openClient } from '../client/client.ts';

const STORED = 'isthmus.key';

export interface Session {
  readonly api: ApiClient;
  readonly signedIn: boolean;
  /** The API did not take the key, or takes it no more. */
  readonly refused: boolean;
  signIn(key: string): void;
  signOut(): void;
  refuse(): void;
}

const SessionContext = createContext<Session | undefined>(undefined);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [key, setKey] = useState(() => sessionStorage.getItem(STORED) ?? undefined);
  const [refused, setRefused] = useState(false);
  const session = useMemo<Session>(() => {
    const forget = (isRefused: boolean) => {
      sessionStorage.removeItem(STORED);
      setKey(undefined);
      setRefused(isRefused);
    };
    return {
      api: openClient({ url: location.origin, credential: () => key }),
      signedIn: key !== undefined,
      refused,
      signIn: (text) => {
        sessionStorage.setItem(STORED, text);
        setRefused(false);
        setKey(text);
      },
      signOut: () => forget(false),
      refuse: () => forget(true),
    };
  }, [key, refused]);
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('There is no SessionProvider around this.');
  return session;
}

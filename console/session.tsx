/** Who is signed in: an API key or an access token for as long as the tab is open. It must not be kept anywhere else, and no other module may read it. */
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { type ApiClient, openClient } from '../client/client.ts';

const STORED = 'isthmus.key';

/** What people bring; a key is known by how it begins. */
type Credential = 'key' | 'token';

export interface Session {
  readonly api: ApiClient;
  readonly signedIn: boolean;
  /** What the API did not take, or takes no more. */
  readonly refused: Credential | undefined;
  signIn(credential: string): void;
  signOut(): void;
  refuse(): void;
}

const SessionContext = createContext<Session | undefined>(undefined);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [key, setKey] = useState(() => sessionStorage.getItem(STORED) ?? undefined);
  const [refused, setRefused] = useState<Credential>();
  const session = useMemo<Session>(() => {
    const forget = (what: Credential | undefined) => {
      sessionStorage.removeItem(STORED);
      setKey(undefined);
      setRefused(what);
    };
    return {
      api: openClient({ url: location.origin, credential: () => key }),
      signedIn: key !== undefined,
      refused,
      signIn: (text) => {
        sessionStorage.setItem(STORED, text);
        setRefused(undefined);
        setKey(text);
      },
      signOut: () => forget(undefined),
      refuse: () => forget(key?.startsWith('isk_') === false ? 'token' : 'key'),
    };
  }, [key, refused]);
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('There is no SessionProvider around this.');
  return session;
}

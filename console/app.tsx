/** The frame around every screen, and which screen is inside. Without a key that the API takes there is only the way to sign in. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Button } from 'react-aria-components';
import { ApiProblem } from './answer.ts';
import { EventsScreen } from './events.tsx';
import { HomeScreen } from './home.tsx';
import { useLanguage } from './language.tsx';
import { Link, useScreen } from './navigation.tsx';
import { type Principal, principalQuery } from './queries.ts';
import { SectionScreen } from './sections.tsx';
import { useSession } from './session.tsx';
import { SignInScreen } from './sign-in.tsx';
import { TenantScreen } from './tenant.tsx';

export function App() {
  const { signedIn } = useSession();
  return signedIn ? <SignedIn /> : <SignInScreen />;
}

function SignedIn() {
  const { api, refuse } = useSession();
  const { words } = useLanguage();
  const { data: principal, error } = useQuery(principalQuery(api));
  const isRefused = error instanceof ApiProblem && error.status === 401;
  useEffect(() => {
    if (isRefused) refuse();
  }, [isRefused, refuse]);
  if (principal !== undefined) return <Frame principal={principal} />;
  return (
    <main className="narrow">
      <h1>{words.product}</h1>
      <p role="status">{error === null ? words.loading : words.failed}</p>
    </main>
  );
}

function Frame({ principal }: { readonly principal: Principal }) {
  const { signOut } = useSession();
  const { language, words, change } = useLanguage();
  const queries = useQueryClient();
  return (
    <>
      <header className="bar">
        <strong>{words.product}</strong>
        <nav aria-label={words.product}>
          <Link to={{ kind: 'home' }}>{words.home}</Link>
          <Link to={{ kind: 'events' }}>{words.events}</Link>
        </nav>
        <span className="who">
          <bdi>{principal.name}</bdi> · {principal.role}
        </span>
        <Button onPress={() => change(language === 'en' ? 'zh' : 'en')}>{words.language}</Button>
        <Button
          onPress={() => {
            queries.clear();
            signOut();
          }}
        >
          {words.signOut}
        </Button>
      </header>
      <main>
        <Inside principal={principal} />
      </main>
    </>
  );
}

function Inside({ principal }: { readonly principal: Principal }) {
  const screen = useScreen();
  const { words } = useLanguage();
  switch (screen.kind) {
    case 'home':
      return <HomeScreen principal={principal} />;
    case 'events':
      return <EventsScreen principal={principal} />;
    case 'tenant':
      return <TenantScreen principal={principal} name={screen.tenant} />;
    case 'section':
      return <SectionScreen tenant={screen.tenant} section={screen.section} />;
    case 'unknown':
      return <h1>{words.unknownScreen}</h1>;
  }
}

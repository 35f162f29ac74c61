/** The frame around every screen, and which screen is inside. Without a key that the API takes there is only the way to sign in. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, useEffect } from 'react';
import { Button } from 'react-aria-components';
import { ApiProblem } from './answer.ts';
import { EventsScreen } from './events.tsx';
import { HomeScreen } from './home.tsx';
import { WithoutRole } from './issuers.tsx';
import { useLanguage } from './language.tsx';
import { Link, useScreen } from './navigation.tsx';
import { Loaded, TenantPageScreen } from './pages.tsx';
import { type Principal, principalQuery } from './queries.ts';
import { useSession } from './session.tsx';
import { SignInScreen } from './sign-in.tsx';
import { TenantScreen } from './tenant.tsx';

const TopologyScreen = lazy(async () => ({ default: (await import('./topology.tsx')).TopologyScreen }));
const HubsScreen = lazy(async () => ({ default: (await import('./hubs.tsx')).HubsScreen }));
const DeploymentAccessScreen = lazy(async () => ({
  default: (await import('./access.tsx')).DeploymentAccessScreen,
}));
const SectionScreen = lazy(async () => ({ default: (await import('./sections.tsx')).SectionScreen }));

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
          <Link to={{ kind: 'topology' }}>{words.topology}</Link>
          {principal.tenant === '*' && (
            <>
              <Link to={{ kind: 'deployment', page: 'hubs', below: [] }} holdsBelow>
                {words.hubs}
              </Link>
              <Link to={{ kind: 'deployment', page: 'access', below: [] }} holdsBelow>
                {words.access}
              </Link>
            </>
          )}
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
        {principal.grants.length === 0 ? (
          <WithoutRole principal={principal} />
        ) : (
          <Inside principal={principal} />
        )}
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
    case 'deployment':
      return (
        <Loaded key={screen.page}>
          {screen.page === 'hubs' ? (
            <HubsScreen principal={principal} below={screen.below} />
          ) : (
            <DeploymentAccessScreen principal={principal} below={screen.below} />
          )}
        </Loaded>
      );
    case 'tenant':
      return <TenantScreen principal={principal} name={screen.tenant} />;
    case 'page':
      return <TenantPageScreen principal={principal} screen={screen} />;
    case 'topology':
      return (
        <Loaded>
          <TopologyScreen principal={principal} />
        </Loaded>
      );
    case 'section':
      return (
        <Loaded>
          <SectionScreen tenant={screen.tenant} section={screen.section} />
        </Loaded>
      );
    case 'unknown':
      return <h1>{words.unknownScreen}</h1>;
  }
}

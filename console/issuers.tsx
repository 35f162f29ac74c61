/** The providers at which people may sign in instead of bringing a key, and what becomes of who returns from one. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { dataOf } from './answer.ts';
import { useLanguage } from './language.tsx';
import { moveTo } from './navigation.tsx';
import { beginSignIn, finishSignIn, type Issuer, RETURN_PATH } from './openid.ts';
import type { Principal } from './queries.ts';
import { useSession } from './session.tsx';
import { signInWords } from './view/words-sign-in.ts';

export function Issuers() {
  const { api } = useSession();
  const words = signInWords(useLanguage().language);
  const { data, error } = useQuery({ queryKey: ['sign-in'], queryFn: () => dataOf(api.GET('/v1/sign-in')) });
  if (error !== null) return <p role="alert">{words.unasked}</p>;
  const issuers = (data?.issuers ?? []).filter(({ clients }) => clients.console !== undefined);
  return issuers.length === 0 ? null : <Choices issuers={issuers} />;
}

function Choices({ issuers }: { readonly issuers: readonly Issuer[] }) {
  const words = signInWords(useLanguage().language);
  const { underWay, fault, fail } = useReturn(issuers);
  if (underWay) return <p role="status">{words.underWay}</p>;
  const path = location.pathname === RETURN_PATH ? '/' : `${location.pathname}${location.search}`;
  return (
    <>
      {fault !== undefined && (
        <p role="alert">
          {words.failed} <bdi>{fault}</bdi>
        </p>
      )}
      {issuers.map((issuer) => (
        <p key={issuer.issuer}>
          <Button className="main" onPress={() => void beginSignIn(issuer, path).catch(fail)}>
            {words.with(new URL(issuer.issuer).host)}
          </Button>
        </p>
      ))}
      <p>{words.or}</p>
    </>
  );
}

/** Whoever stands at the provider's way back is signed in, or told why not. */
function useReturn(issuers: readonly Issuer[]) {
  const { signIn } = useSession();
  const queries = useQueryClient();
  const [underWay, setUnderWay] = useState(location.pathname === RETURN_PATH);
  const [fault, setFault] = useState<string>();
  const fail = (error: unknown) => setFault(sentenceOf(error));
  // Once, as the page is loaded: a code is good for one try, and must not stay in the address.
  useEffect(() => {
    if (!underWay) return;
    const address = new URL(location.href);
    moveTo('/', 'replace');
    finishSignIn(issuers, address)
      .then(({ token, path }) => {
        queries.clear();
        moveTo(path, 'replace');
        signIn(token);
      })
      .catch((error: unknown) => {
        setUnderWay(false);
        fail(error);
      });
  }, []);
  return { underWay, fault, fail };
}

/** The provider's own words where it gave some: they are about this person or its configuration. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'error_description' in error ? error.error_description : undefined;
  return typeof said === 'string' && said !== '' ? said : error.message;
}

/** Somebody whom a provider knows and no binding names. */
export function WithoutRole({ principal }: { readonly principal: Principal }) {
  const words = signInWords(useLanguage().language);
  const queries = useQueryClient();
  return (
    <>
      <h1>{words.noRole}</h1>
      <p>{words.noRoleHint}</p>
      <pre>
        {JSON.stringify(
          { kind: principal.kind, issuer: principal.issuer, subject: principal.subject },
          null,
          2,
        )}
      </pre>
      <Button onPress={() => void queries.invalidateQueries()}>{words.tryAgain}</Button>
    </>
  );
}

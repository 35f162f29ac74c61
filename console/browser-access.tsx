/** What is missing before a browser reaches a cluster: in our words which thing it is, in the control plane's what was found and what to do. */
import type { Schemas } from '../client/client.ts';
import { useLanguage } from './language.tsx';
import type { Words } from './view/words.ts';

type Access = Schemas['BrowserAccess'];

export function accessText({ state, host, until }: Access, words: Words): string {
  if (state !== 'ready') return words[`access_${state}`];
  const ends = until === undefined ? '' : `; ${words.certificateUntil} ${until.slice(0, 10)}`;
  return `${host ?? ''}: ${words.access_ready}${ends}`;
}

export function BrowserMissing({ access }: { readonly access: Access }) {
  const { words } = useLanguage();
  return (
    <div role="alert">
      <h2>{words.browserMissing}</h2>
      <p>{accessText(access, words)}</p>
      <p>
        <bdi>{access.detail}</bdi>
      </p>
      {access.host !== undefined && (
        <p>
          <bdi className="name">{access.host}</bdi>
        </p>
      )}
      {access.state !== 'not_passed_on' && <p>{words.accessSetUp}</p>}
    </div>
  );
}

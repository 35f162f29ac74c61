/** Tokens for the host of a hub: one more, shown once with the lines to run there, and those that there are. A hub in a slot needs none: its instance proves itself. */

import { useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { CopyText } from './copy.tsx';
import { Editor, Field } from './fields.tsx';
import { createHubToken, deleteHubToken, hubTokenKey, hubTokensPoll } from './hub-calls.ts';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';
import { TokenTable } from './tokens.tsx';
import { textAt } from './view/form-text.ts';
import { SECRET_LINE } from './view/install-lines.ts';

const MINUTES = '60';

export function HubTokens({ hub: { metadata, spec } }: { readonly hub: Schemas['Hub'] }) {
  const { words } = useLanguage();
  return (
    <section>
      <h2>{words.tokens}</h2>
      {spec.slot === undefined ? <Tokens hub={metadata.name} /> : <p>{words.slotNeedsNone}</p>}
    </section>
  );
}

function Tokens({ hub }: { readonly hub: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const [made, setMade] = useState<Schemas['TokenCreated']>();
  return (
    <>
      <p>{words.hubTokenEffect}</p>
      <Editor
        action={words.makeToken}
        perform={(form) => createHubToken(api, hub, Number(textAt(form, 'minutes')))}
        changes={[hubTokenKey(hub)]}
        onDone={setMade}
      >
        <Field name="minutes" label={words.minutes} value={MINUTES} />
      </Editor>
      {made !== undefined && (
        <div className="secret" role="status">
          <p>
            <strong>{words.shownOnce}</strong> {words.installIntro}
          </p>
          <CopyText label={words.step1} text={SECRET_LINE} />
          <CopyText label={words.step2} text={made.secret} />
          <CopyText label={words.step3} text={made.install} />
        </div>
      )}
      <Polled query={hubTokensPoll(api, hub)}>
        {(tokens, at) => (
          <TokenTable
            tokens={tokens}
            at={at}
            withdraw={(token) => deleteHubToken(api, hub, token)}
            changes={hubTokenKey(hub)}
            isOfHub
          />
        )}
      </Polled>
    </>
  );
}

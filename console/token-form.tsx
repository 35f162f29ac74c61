/** One more token for an edge of a site. Its secret is shown once, here, with the lines to run on the host; going elsewhere forgets it. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { Button, FieldError, Form, Input, Label, Text, TextField } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { refusalWords } from './answer.ts';
import { useChange } from './confirm.tsx';
import { CopyText } from './copy.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { useSession } from './session.tsx';
import { sitesPoll } from './site-calls.ts';
import { createToken, tokenKey } from './token-calls.ts';
import { listOfText, textAt } from './view/form-text.ts';
import { edgeLine, SECRET_LINE } from './view/install-lines.ts';

const MINUTES_MAX = 60;

export function TokenForm({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { data: sites } = useQuery(sitesPoll(api, tenant));
  const create = useChange(
    (form: FormData) => {
      const prefixes = listOfText(textAt(form, 'prefixes'));
      return createToken(api, tenant, {
        site: textAt(form, 'site'),
        approve: textAt(form, 'approve') !== '',
        minutes: Number(textAt(form, 'minutes')),
        ...(prefixes.length > 0 && { prefixes }),
      });
    },
    [tokenKey(tenant)],
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  };
  if (sites?.length === 0)
    return (
      <p>
        {words.siteFirst} <Link to={{ kind: 'page', tenant, page: 'sites', below: [] }}>{words.addSite}</Link>
      </p>
    );
  return (
    <>
      <Form onSubmit={submit} className="columns">
        <SiteChoice sites={sites ?? []} />
        <TextField name="minutes" type="number" defaultValue={String(MINUTES_MAX)} isRequired>
          <Label>{words.minutes}</Label>
          <Input min={1} max={MINUTES_MAX} />
          <FieldError />
        </TextField>
        <TextField name="prefixes" autoComplete="off">
          <Label>{words.prefixesOfToken}</Label>
          <Input />
          <Text slot="description">{words.prefixesOfTokenHint}</Text>
        </TextField>
        <label className="check">
          <input type="checkbox" name="approve" value="yes" />
          <span>
            {words.approveByToken} <small>{words.approveByTokenHint}</small>
          </span>
        </label>
        {create.error !== null && <p role="alert">{refusalWords(create.error, words.conflict)}</p>}
        <Button type="submit" className="main" isDisabled={create.isPending}>
          {words.makeToken}
        </Button>
      </Form>
      {create.data !== undefined && <Shown key={create.data.metadata.name} token={create.data} />}
    </>
  );
}

function SiteChoice({ sites }: { readonly sites: readonly Schemas['Site'][] }) {
  const { words } = useLanguage();
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{words.site}</label>
      <select id={id} name="site" required>
        {sites.map(({ metadata: { name } }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Shown({ token }: { readonly token: Schemas['TokenCreated'] }) {
  const { words } = useLanguage();
  const [device, setDevice] = useState('eth0');
  const line = edgeLine(token.install, device.trim());
  return (
    <div className="secret" role="status">
      <p>
        <strong>{words.shownOnce}</strong> {words.installIntro}
      </p>
      <CopyText label={words.step1} text={SECRET_LINE} />
      <CopyText label={words.step2} text={token.secret} />
      <TextField value={device} onChange={setDevice} isInvalid={line === undefined} autoComplete="off">
        <Label>{words.device}</Label>
        <Input />
        <Text slot="description">{words.deviceHint}</Text>
        <FieldError>{words.deviceWrong}</FieldError>
      </TextField>
      {line !== undefined && <CopyText label={words.step3} text={line} />}
    </div>
  );
}

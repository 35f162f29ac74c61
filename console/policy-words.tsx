/** Ends and ports of a policy in words. */
import type { Schemas } from '../client/client.ts';
import { useLanguage } from './language.tsx';
import { chosenIn, chosenOf, type EndChosen, portsText } from './view/policy-ends.ts';
import type { Words } from './view/words.ts';

export function PolicyEndWords({ end }: { readonly end: Schemas['PolicyEnd'] }) {
  return <EndWords end={chosenOf(end)} />;
}

/** `text`: as the API writes an end, `app/web`. */
export function EndTextWords({ text }: { readonly text: string }) {
  return <EndWords end={chosenIn(text)} />;
}

function EndWords({ end }: { readonly end: EndChosen }) {
  const { words } = useLanguage();
  const [site, service] = end.name.split('/');
  if (end.kind === 'service')
    return (
      <span>
        {words.serviceEnd} <bdi className="name">{service}</bdi> {words.at} <bdi className="name">{site}</bdi>
      </span>
    );
  return (
    <span>
      {kindWord(end.kind, words)} <bdi className="name">{end.name}</bdi>
    </span>
  );
}

export function kindWord(kind: EndChosen['kind'], words: Words): string {
  return { site: words.siteEnd, service: words.serviceEnd, app: words.appEnd, group: words.groupEnd }[kind];
}

export function PortWords({ ports }: { readonly ports: readonly Schemas['PolicyPort'][] }) {
  const { words } = useLanguage();
  return <span>{ports.length === 0 ? words.allPorts : portsText(ports)}</span>;
}

/** Text for elsewhere, as it has to be pasted, with a button that copies it. Where the browser forbids that, the text is selected. */
import { useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from './language.tsx';

export function CopyText({ label, text }: { readonly label: string; readonly text: string }) {
  const { words } = useLanguage();
  const shown = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState<string>();
  const select = () => {
    if (shown.current !== null) getSelection()?.selectAllChildren(shown.current);
  };
  const copy = () => {
    navigator.clipboard.writeText(text).then(() => setCopied(text), select);
  };
  return (
    <figure className="copy">
      <figcaption>
        {label}
        <Button onPress={copy}>{words.copy}</Button>
        <span role="status">{copied === text && words.copied}</span>
      </figcaption>
      <pre ref={shown}>{text}</pre>
    </figure>
  );
}

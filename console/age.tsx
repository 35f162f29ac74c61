/** How old a statement is; the exact time is under the pointer and for machines. */
import { ageSeconds } from '../protocol/time.ts';
import { useLanguage } from './language.tsx';
import { ageWords } from './view/words.ts';

export function Age({ since, at }: { readonly since: string; readonly at: string }) {
  const { language } = useLanguage();
  return (
    <time className="age" dateTime={since} title={since}>
      {ageWords(ageSeconds(since, at), language)}
    </time>
  );
}

/** Why a change was not made, in the API's words; of one that somebody else came before, what to do. */
import { refusalWords } from './answer.ts';
import { useLanguage } from './language.tsx';

export function Refused({ error }: { readonly error: Error }) {
  const { words } = useLanguage();
  return <p role="alert">{refusalWords(error, words.conflictApp)}</p>;
}

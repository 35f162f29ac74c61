/** Why a change was not made, in the API's words; of one that somebody else came before, what to do. */
import { ApiProblem } from './answer.ts';
import { useLanguage } from './language.tsx';

const CONFLICT = 412;

export function Refused({ error }: { readonly error: Error }) {
  const { words } = useLanguage();
  const isConflict = error instanceof ApiProblem && error.status === CONFLICT;
  return <p role="alert">{isConflict ? words.conflictApp : error.message}</p>;
}

/** Which role: one that is built in, or one that somebody wrote. */
import { ROLES } from '../protocol/key.ts';
import { type Place, rolesPoll } from './access-calls.ts';
import { Polled } from './asked.tsx';
import { ChoiceField } from './fields.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';

/** Built in, of the tenant, or of the deployment. */
export function RoleField({ place }: { readonly place: Place }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <Polled query={rolesPoll({ api, place })} absent={<BuiltInField />}>
      {(roles) => (
        <ChoiceField
          name="role"
          label={words.role}
          options={[...ROLES, ...roles.map(({ metadata }) => metadata.name)].map((name) => ({
            value: name,
            text: name,
          }))}
        />
      )}
    </Polled>
  );
}

function BuiltInField() {
  const { words } = useLanguage();
  return (
    <ChoiceField
      name="role"
      label={words.role}
      options={ROLES.map((name) => ({ value: name, text: name }))}
    />
  );
}

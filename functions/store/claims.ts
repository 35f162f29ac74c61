/** Public host names and the tenant each belongs to: the first to claim one keeps it until it is released. */
import { DeleteItemCommand } from 'dynamodb-toolbox/entity/actions/delete';
import type { Condition } from 'dynamodb-toolbox/entity/actions/parseCondition';
import { PutItemCommand } from 'dynamodb-toolbox/entity/actions/put';
import type { IsthmusTable } from './entities.ts';
import { claimEntity } from './entities.ts';
import { hostKey } from './keys.ts';
import type { Store } from './port.ts';
import { writeIf } from './write.ts';

type Claims = ReturnType<typeof claimEntity>;

export function claimStore(table: IsthmusTable): Pick<Store, 'claimHost' | 'releaseHost'> {
  const claims = claimEntity(table);
  return {
    async claimHost(host, tenant) {
      const free: Condition<Claims> = {
        or: [
          { attr: 'pk', exists: false },
          { attr: 'tenant', eq: tenant },
        ],
      };
      const command = claims
        .build(PutItemCommand)
        .item({ ...hostKey(host), tenant })
        .options({ condition: free });
      // A claim that was sent twice succeeds twice: its own tenant may claim again.
      const claimed = await writeIf({ send: () => command.send(), landed: async () => false });
      return claimed ? 'claimed' : 'taken';
    },
    async releaseHost(host, tenant) {
      const command = claims
        .build(DeleteItemCommand)
        .key(hostKey(host))
        .options({ condition: { attr: 'tenant', eq: tenant } });
      // Another tenant's claim, or none: there is nothing of ours to release.
      await writeIf({ send: () => command.send(), landed: async () => true });
    },
  };
}

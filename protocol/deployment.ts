/** What is the same for everybody: the deployment's pools, signing roots, domain and version. */
import { z } from 'zod';
import { Cidr } from './address.ts';
import { SigningRoot } from './signing-root.ts';

export const Deployment = z
  .strictObject({
    pools: z.array(Cidr).min(1).meta({ description: 'Virtual pools, the first one first' }),
    roots: z.array(SigningRoot).min(1),
    domain: z.string().meta({ description: 'Suffix of every name', examples: ['isthmus.internal'] }),
    version: z.string().meta({ description: 'Of the control plane' }),
  })
  .meta({ id: 'Deployment' });
export type Deployment = z.infer<typeof Deployment>;

/** Public: what an installer compares the roots of its command with. */
export const Roots = z.strictObject({ roots: z.array(SigningRoot).min(1) }).meta({ id: 'Roots' });
export type Roots = z.infer<typeof Roots>;

/** The whole stack as a template, made once a file: with stand-ins for what is bundled, so that nothing must be built. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { readSettings, STACK_NAME } from '../../infra/settings.ts';
import { IsthmusStack, type MADE } from '../../infra/stack.ts';

export interface Synthesized {
  readonly stack: IsthmusStack;
  readonly template: Template;
  readonly resources: readonly Resource[];
}

const Resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
});
export type Resource = z.infer<typeof Resource> & { readonly id: string };

export function synthesize(context: Readonly<Record<string, string>> = {}): Synthesized {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [], ...context } });
  const stack = new IsthmusStack(app, STACK_NAME, { settings: readSettings(context), made: madeUp() });
  const template = Template.fromStack(stack);
  const { Resources } = z.object({ Resources: z.record(z.string(), Resource) }).parse(template.toJSON());
  const resources = Object.entries(Resources).map(([id, resource]) => ({ ...resource, id }));
  return { stack, template, resources };
}

/** Directories as the bundlers leave them, with next to nothing in them. */
export function madeUp(): typeof MADE {
  const root = mkdtempSync(join(tmpdir(), 'isthmus-infra-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const name of ['api', 'reconcile', 'schedule', 'bootstrap', 'resource', 'audit'])
    write(`functions/${name}/index.mjs`, `export const handler = '${name}';\n`);
  write('downloads/downloads.json', '[]\n');
  write('console/index.html', '<!doctype html>\n');
  write('console/assets/main-ABCDEFGH.js', '\n');
  return {
    bundles: join(root, 'functions'),
    console: join(root, 'console'),
    downloads: join(root, 'downloads'),
  };
}

export function ofType({ resources }: Synthesized, type: string): readonly Resource[] {
  return resources.filter((resource) => resource.Type === type);
}

/** What an edge downloads and loads: nothing of any cloud. The clients are a file of their own, behind one lazy import. */
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Files of ours and packages that a bundle of this entry would hold; `apart` is left out. */
async function reached(
  entry: string,
  apart: readonly string[],
): Promise<{ files: string[]; packages: string[] }> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    external: [...apart],
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const packages = imports.filter(({ external }) => external === true).map(({ path }) => path);
  return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)] };
}

const ofCloud = (names: readonly string[]) => names.filter((name) => /^(@aws-sdk|@smithy|vpc)\//.test(name));

test('the agent itself reaches no cloud client and nothing of the VPC room', async () => {
  const { files, packages } = await reached('edge-agent/main.ts', ['./cloud/aws.ts', './clusters.ts']);
  expect(files).toContain('edge-agent/hub.ts');
  // What serves clusters is a process of its own, with memory of its own.
  expect(files.filter((file) => /edge-agent\/(cache|clusters|etcd|kube|proxy|relief)\//.test(file))).toEqual(
    [],
  );
  expect([...ofCloud(files), ...ofCloud(packages)]).toEqual([]);
});

test('through the lazy import it does: the proof above could fail', async () => {
  const { files, packages } = await reached('edge-agent/main.ts', []);
  expect(ofCloud(files)).toContain('vpc/keep.ts');
  expect(ofCloud(packages)).toContain('@aws-sdk/client-sqs');
});

/** The keys of a host on its disk: a host that dies at any point has the keys that it speaks with, and goes on. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicKeyOf } from '../../edge-agent/apply/keys.ts';
import { KeyRing } from '../../edge-agent/key-ring.ts';
import { keysToSwitch, ringStep } from '../../edge-agent/plan/key-ring.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-ring-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const files = () => ({
  wireguardKey: join(directory, 'wireguard.key'),
  nextKey: join(directory, 'wireguard.next.key'),
  oldKey: join(directory, 'wireguard.old.key'),
});
const open = () => new KeyRing(files());
const keyIn = (file: string) => publicKeyOf(readFileSync(file, 'utf8').trim());

test('a key is made once, readable for root alone, and each key is found in its file', () => {
  const { present } = open().view;
  const ring = open();
  expect(ring.view).toEqual({ present, next: undefined, old: undefined });
  ring.take('make');
  const { next = '' } = ring.view;
  expect([keyIn(ring.fileOf(present)), keyIn(ring.fileOf(next))]).toEqual([present, next]);
  expect(statSync(files().nextKey).mode & 0o777).toBe(0o600);
});

test('from present and next to present and old, then to one key', () => {
  const ring = open();
  const { present: first } = ring.view;
  ring.take('make');
  const { next: second = '' } = ring.view;
  ring.take('promote');
  expect(ring.view).toEqual({ present: second, next: undefined, old: first });
  expect([keyIn(ring.fileOf(first)), keyIn(ring.fileOf(second))]).toEqual([first, second]);
  ring.take('forget_old');
  expect(open().view).toEqual({ present: second, next: undefined, old: undefined });
  expect(existsSync(files().oldKey)).toBe(false);
});

test('a host that dies between the two halves of a promotion has present and next as before, and can promote', () => {
  const ring = open();
  ring.take('make');
  const before = ring.view;
  copyFileSync(files().wireguardKey, files().oldKey);
  const again = open();
  expect(again.view).toEqual(before);
  again.take('promote');
  expect(again.view).toEqual({ present: before.next, next: undefined, old: before.present });
});

test('a part of a key that was being written when the host died is no key of the ring', () => {
  const { present } = open().view;
  writeFileSync(`${files().nextKey}.new`, 'AAAA');
  expect(open().view).toEqual({ present, next: undefined, old: undefined });
});

test('a file that holds something else is said by its name', () => {
  open();
  writeFileSync(files().nextKey, 'nonsense\n');
  expect(open).toThrow(`${files().nextKey} holds no key`);
});

const A = 'A';
const B = 'B';

test.each([
  ['nothing before a document speaks of keys', { present: A }, undefined, undefined],
  ['a next key when one is wanted', { present: A }, { present: A, rotate: true }, 'make'],
  [
    'nothing while the next one is on its way',
    { present: A, next: B },
    { present: A, rotate: true },
    undefined,
  ],
  ['no next one that nobody wants', { present: A, next: B }, { present: A, rotate: false }, 'discard_next'],
  [
    'what the control plane has let go of',
    { present: B, old: A },
    { present: B, rotate: false },
    'forget_old',
  ],
  ['not what it still has', { present: B, old: A }, { present: A, next: B, rotate: true }, undefined],
  [
    'the key that it has, if the host was set back',
    { present: A, next: B },
    { present: B, rotate: false },
    'promote',
  ],
] as const)('the ring keeps or gives up %s', (_words, view, order, step) => {
  expect(ringStep(view, order)).toBe(step);
});

test.each([
  [
    'before the control plane has taken the next key',
    { present: A, next: B },
    { present: A, rotate: true },
    undefined,
  ],
  ['once it has', { present: A, next: B }, { present: A, next: B, rotate: true }, { target: B, other: A }],
  ['while the one before may be needed', { present: B, old: A }, undefined, { target: B, other: A }],
  ['with one key', { present: A }, { present: A, rotate: false }, undefined],
] as const)('what legs go over to, %s', (_words, view, order, keys) => {
  expect(keysToSwitch(view, order)).toEqual(keys);
});

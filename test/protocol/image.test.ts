/** One name for an image, however it is written. */
import { expect, test } from 'vitest';
import { familiarImage, familiarImages } from '../../protocol/image.ts';

test.each([
  ['nginx', 'nginx:latest'],
  ['nginx:1.27', 'nginx:1.27'],
  ['docker.io/library/nginx:1.27', 'nginx:1.27'],
  ['docker.io/acme/web:2', 'acme/web:2'],
  ['library/nginx', 'nginx:latest'],
  ['registry.example.com:5000/acme/web', 'registry.example.com:5000/acme/web:latest'],
  ['acme/web@sha256:0123', 'acme/web@sha256:0123'],
])('%s is %s', (written, familiar) => {
  expect(familiarImage(written)).toBe(familiar);
});

test('of many names each is told once, in order, up to the most', () => {
  expect(familiarImages(['b:1', 'docker.io/library/b:1', 'a', 'c'], 2)).toEqual(['a:latest', 'b:1']);
});

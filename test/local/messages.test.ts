/** The queue a hub on one machine. */
import { expect, test } from 'vitest';
import { createMessageBoard } from '../../local/messages.ts';

test('who has no cursor of this life begins with the present', async () => {
  const board = createMessageBoard('life');
  await board.send('hub1', ['edge.demo.berlin']);
  expect(await board.wait('hub1', undefined, 30)).toEqual({ changed: [], cursor: 'life.1' });
  expect(await board.wait('hub1', 'earlier.7', 30)).toEqual({ changed: [], cursor: 'life.1' });
});

test('what came since the cursor is answered at once, each agent once', async () => {
  const board = createMessageBoard('life');
  await board.send('hub1', ['edge.demo.berlin', 'edge.demo.tokyo']);
  await board.send('hub1', ['edge.demo.berlin']);
  expect(await board.wait('hub1', 'life.0', 30)).toEqual({
    changed: ['edge.demo.berlin', 'edge.demo.tokyo'],
    cursor: 'life.3',
  });
});

test('who waits is woken by a message to his hub, and not by one to another', async () => {
  const board = createMessageBoard('life');
  const waiting = board.wait('hub1', 'life.0', 30);
  await board.send('hub2', ['edge.demo.tokyo']);
  await board.send('hub1', ['edge.demo.berlin']);
  expect(await waiting).toEqual({ changed: ['edge.demo.berlin'], cursor: 'life.1' });
});

test('a wait ends in its time, and at the end of the process', async () => {
  const board = createMessageBoard('life');
  expect(await board.wait('hub1', 'life.0', 0.01)).toEqual({ changed: [], cursor: 'life.0' });
  const waiting = board.wait('hub1', 'life.0', 30);
  board.close();
  expect(await waiting).toEqual({ changed: [], cursor: 'life.0' });
});

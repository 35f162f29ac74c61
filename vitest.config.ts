/** Two projects: `unit` needs nothing but Node; `live` needs root, namespaces and the real components. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/live/**'],
          setupFiles: ['test/setup.ts'],
          testTimeout: 30_000,
          // Packages are loaded once a worker and not once a file, which is most of the time; our own modules are not kept.
          isolate: false,
          // Otherwise a core is left idle, which is one of two.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

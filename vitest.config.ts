import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Not `import`: it would reach native `require` too, and protobufjs would lose `long`, and with it 64-bit integers.
  ssr: { resolve: { conditions: ['micromesh-source', 'node', 'default'] } },
  resolve: { conditions: ['micromesh-source', 'node', 'default'] },
  test: {
    // Ends what hangs. Nothing waits for it: a test goes on as soon as its condition holds, also on two busy cores.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Vitest leaves one core free; many tests here wait for processes more than they compute.
    maxWorkers: 2,
    include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/gen/**'],
      reporter: ['text-summary'],
    },
  },
});

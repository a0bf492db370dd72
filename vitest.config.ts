import { defineConfig } from 'vitest/config';

/** unit: pure and fast. driver: the topology value without a broker. integration, faults, cloudwatch: the real stack. browser: the console in Chromium. Each group starts when the one before it has ended. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // only what hangs takes so long: how fast something is belongs into a bench
          testTimeout: 30_000,
          include: ['lib/**/*.test.ts', 'services/**/*.test.ts', 'deploy/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
        },
      },
      { test: { name: 'driver', include: ['tests/driver/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts', '{lib,services,deploy}/**/*.integration.test.ts'],
          globalSetup: ['lib/testing/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          globalSetup: ['lib/testing/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'cloudwatch',
          include: ['tests/cloudwatch/**/*.test.ts'],
          globalSetup: ['lib/testing/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['lib/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});

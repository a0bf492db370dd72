import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseAppConfig } from '../../lib/config/app-config.js';
import { projectRoot } from '../../lib/config/root.js';
import { cloudWatchOf, EMULATOR_CONFIG } from './cloudwatch.js';
import { components } from './components.js';
import { readSettings } from './settings.js';

it('reads the emulator, whole, whatever credentials the user has', () => {
  const { url, external, pollerEnv } = cloudWatchOf(readSettings({ MOTO_PORT: '15000' }));
  expect(external).toBeUndefined();
  expect(url).toBe('http://127.0.0.1:15000');
  expect(pollerEnv).toMatchObject({
    AWS_ENDPOINT_URL: url,
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
  });
  const config = parseAppConfig(readFileSync(join(projectRoot(), EMULATOR_CONFIG), 'utf8'), EMULATOR_CONFIG);
  expect(config.log_groups).toEqual([{ prefix: '/' }]);
});

it.each([
  ['AWS', { CLOUDWATCH: 'aws' }, null],
  ['an endpoint of the user', { AWS_ENDPOINT_URL: 'http://localstack:4566' }, 'http://localstack:4566'],
])('starts no emulator for %s, and leaves the environment as it is', (_what, environment, url) => {
  const settings = readSettings(environment);
  expect(cloudWatchOf(settings)).toMatchObject({ url, pollerEnv: {} });
  const moto = components(settings, 'key', environment).find(({ name }) => name === 'moto');
  expect(moto?.external).toBeDefined();
});

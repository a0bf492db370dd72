import { describe, expect, it } from 'vitest';
import { ask, expectDecent } from './ask.js';
import { exchange } from './raw-socket.js';
import type { Target } from './target.js';

/** Ways out of a folder, as a client may write them. */
const UP = ['..', '%2e%2e', '.%2e', '%2e.', '..%00', '%252e%252e', '%c0%ae%c0%ae', '%uff0e%uff0e', '....'];
const SLASH = ['/', '%2f', '%5c', '\\', '//', '%252f', '%c0%af'];
const FILES = ['package.json', 'etc/passwd', 'dist/services/gateway/main.js'];
const FOLDERS = ['/assets', '/docs/static', '/docs', '/traces', ''];

/** Addresses that could lead around the check of keys. */
const AROUND = [
  '/api/v1/events/..%2fauth%2fkeys',
  '/api/v1/events/../auth/keys',
  '/api/v1/../v1/auth/keys',
  '/./api/v1/auth/keys',
  '//api/v1/auth/keys',
  '/api//v1//auth/keys',
  '/api/v1/auth/keys/',
  '/api/v1/auth/keys//',
  '/API/V1/AUTH/KEYS',
  '/%61pi/v1/auth/keys',
  '/api%2fv1%2fauth%2fkeys',
  '/api/v1/auth/keys;.css',
  '/api/v1/auth/keys%00',
  '/api/v1/auth/keys%20',
  '/api/v1/auth/keys%3f',
  '/api/v1/auth/keys.json',
  '/assets/../api/v1/auth/keys',
  '/assets/..%2fapi/v1/auth/keys',
  '/docs/../api/v1/auth/keys',
  'http://127.0.0.1/api/v1/auth/keys',
  '/%',
  '/%zz',
  '/api/v1/events/%',
  '/api/v1/events/%ff%fe',
  '/?%zz',
  '/api/v1/events?%',
  '/api/v1/events?agent_id=%ff',
  '*',
  `/${'a/'.repeat(4_000)}`,
  `/api/v1/events/${'x'.repeat(8_000)}`,
];

/** Paths: files outside of what is served stay there, and no spelling of a path leads around the keys. */
export function pathsHold(target: () => Target): void {
  describe('paths', () => {
    it('lead to no file that is not served', async () => {
      const { gateway } = target();
      for (const folder of FOLDERS)
        for (const up of UP)
          for (const slash of SLASH)
            for (const file of FILES) {
              const path = `${folder}/${`${up}${slash}`.repeat(6)}${file}`;
              const answer = await ask(gateway.url, { path });
              const isConsole = answer.status === 200 && answer.body.includes('<div id="root">');
              if (!isConsole) expect([400, 403, 404, 429], path).toContain(answer.status);
              expectDecent(answer, path);
              expect(answer.body, path).not.toMatch(/"vectadb"|root:x:|createServer/);
            }
    });

    it('lead nowhere without a key', async () => {
      const { gateway } = target();
      for (const path of AROUND) {
        const [answer] = await exchange(
          gateway.port,
          `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
        );
        const isConsole = answer!.status === 200 && answer!.body.includes('<div id="root">');
        if (!isConsole) expect([400, 401, 404, 414, 431], path).toContain(answer!.status);
        expect(answer!.body, path).not.toContain('keys-test');
      }
    });
  });
}

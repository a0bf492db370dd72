import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { listeningInodes, portOwner, takenPort } from './port-owner.js';
import { isFree, reservePort } from './ports.js';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0000000000000000
   1: 0100007F:1F90 0100007F:2384 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0000000000000000
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0000000000000000
   3: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 444 1 0000000000000000`;

it.each([
  [9092, ['111']],
  [8080, ['333']],
  [80, ['444']],
  [8081, []],
])('finds the listeners on port %i, not the connections', (port, inodes) => {
  expect(listeningInodes(TABLE, port)).toEqual(inodes);
});

it.runIf(process.platform === 'linux')('names the process that listens on a port', async () => {
  const { port, release } = await reservePort();
  const child = spawn(
    process.execPath,
    ['-e', `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    await once(child.stdout, 'data');
    expect(await isFree(port)).toBe(false);
    expect(portOwner(port)).toEqual({ pid: child.pid, command: expect.stringContaining(`listen(${port}`) });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    release();
  }
  expect(portOwner(port)).toBeNull();
});

it('says which variable moves a taken port', () => {
  expect(takenPort('Kafka', 9092, 'KAFKA_PORT', { pid: 4711, command: 'java kafka.Kafka' })).toBe(
    'port 9092 (Kafka) is taken by process 4711 (java kafka.Kafka): end it, or set KAFKA_PORT to another port',
  );
  expect(takenPort('Kafka', 9092, 'KAFKA_PORT', null)).toContain('a process of another user');
});

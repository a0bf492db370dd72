import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Claim, claim } from './pid-file.js';

/** Below the kernel's range for outgoing connections (32768 and up), so that no client socket takes one meanwhile. */
const FIRST = 12_000;
const LAST = 32_000;

/** True when nothing listens on `port`. */
export const isFree = (port: number, host = '127.0.0.1'): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

export interface Reservation extends Claim {
  port: number;
}

/** A free port that no other process using this function is given until it is released or its holder ends. */
export async function reservePort(): Promise<Reservation> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const held = claim(join(tmpdir(), 'vectadb-ports', String(port)));
    if (!held) continue;
    if (await isFree(port)) return { port, ...held };
    held.release();
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} after 200 attempts`);
}

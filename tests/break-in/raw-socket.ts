import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

const LIMIT_MS = 60_000;

/**
 * Bytes over a socket of one's own; all answers that came until the server closed it, or there were `answers` of them, or
 * nothing came for `quietMs`.
 */
export async function exchange(
  port: number,
  bytes: string,
  { answers = Number.POSITIVE_INFINITY, quietMs = 5_000 }: { answers?: number; quietMs?: number } = {},
): Promise<RawAnswer[]> {
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (piece) => {
      received += piece.toString('latin1');
      if (Number.isFinite(answers) && answersOf(received).length >= answers) resolve();
    });
    socket.once('close', () => resolve());
    socket.once('error', () => resolve()); // a reset is an end, too: what came before it counts
    socket.setTimeout(quietMs, () => resolve());
  });
  socket.write(Buffer.from(bytes, 'latin1'));
  await Promise.race([ended, delay(LIMIT_MS, undefined, { ref: false })]);
  socket.destroy();
  return answersOf(received);
}

/** Splits what a server sent into its answers, by their content-length. */
export function answersOf(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(rest);
    if (!status) return answers;
    const end = rest.indexOf('\r\n\r\n');
    const head = end < 0 ? rest : rest.slice(0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const from = end < 0 ? rest.length : end + 4;
    answers.push({ status: Number(status[1]), head, body: rest.slice(from, from + length) });
    rest = rest.slice(from + length);
  }
}

/** A socket on which nothing has been sent yet; `ended` resolves with what came, and after how long, once the server has closed it. */
export function openSocket(port: number): { socket: Socket; ended: Promise<{ ms: number; text: string }> } {
  const started = performance.now();
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('error', ({ message }) => {
    text += `(${message})`; // `close` follows
  });
  const ended = new Promise<{ ms: number; text: string }>((resolve) => {
    socket.once('close', () => resolve({ ms: performance.now() - started, text }));
  });
  return { socket, ended };
}

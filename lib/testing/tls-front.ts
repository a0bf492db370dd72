import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificates } from './certificates.js';

export interface TlsFront {
  port: number;
  close(): Promise<void>;
}

/** Ends TLS in front of a server that speaks none, as a load balancer does. Whoever shows no certificate of the authority is sent away. */
export async function startTlsFront({ ca, server }: Certificates, behind: number): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  const front = createServer(
    {
      ca: readFileSync(ca),
      cert: readFileSync(server.cert),
      key: readFileSync(server.key),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (client) => {
      const inner = connect(behind, '127.0.0.1');
      for (const socket of [client, inner]) {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        // either end may go away at any time: the other one follows
        socket.on('error', () => {});
      }
      client.once('close', () => inner.destroy());
      inner.once('close', () => client.destroy());
      client.pipe(inner).pipe(client);
    },
  );
  front.on('tlsClientError', () => {}); // what a client did wrong is for the client to tell
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    port: (front.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        front.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

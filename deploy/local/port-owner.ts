import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** Inodes of the sockets listening on `port`, from the text of /proc/net/tcp or /proc/net/tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTENING)
    .map((fields) => fields[9] ?? '')
    .filter(Boolean);
}

export interface PortOwner {
  pid: number;
  command: string;
}

/** Reads a file that may vanish or be closed to us, as files of /proc are. */
function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}

/** The process that listens on `port`, or null where there is none, or it is another user's, or /proc is missing. */
export function portOwner(port: number): PortOwner | null {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningInodes(readOr(path, ''), port)),
  );
  if (inodes.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let descriptors: string[];
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`);
    } catch {
      continue; // ended meanwhile, or another user's
    }
    for (const descriptor of descriptors) {
      let target: string;
      try {
        target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
      } catch {
        continue; // closed meanwhile
      }
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode && inodes.has(inode)) {
        const command = readOr(`/proc/${pid}/cmdline`, '').replaceAll('\0', ' ').trim();
        return { pid: Number(pid), command: command || readOr(`/proc/${pid}/comm`, '?').trim() };
      }
    }
  }
  return null;
}

/** "port 9092 (Kafka) is taken by process 4711 (java …): end it, or set KAFKA_PORT to another port". */
export function takenPort(name: string, port: number, variable: string, owner: PortOwner | null): string {
  const command =
    owner && owner.command.length > 120 ? `${owner.command.slice(0, 117)}...` : (owner?.command ?? '');
  const by = owner ? `process ${owner.pid} (${command})` : 'a process of another user';
  return `port ${port} (${name}) is taken by ${by}: end it, or set ${variable} to another port`;
}

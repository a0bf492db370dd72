import type { Command } from 'commander';
import { UserError } from '../../../deploy/local/stack.js';
import { ApiClient } from '../api-client.js';
import { runCommand, table, wholeNumber, writeLine } from '../kafka-command.js';

/** A key as `GET /api/v1/auth/keys` lists it. */
interface ListedKey {
  id: string;
  name: string;
  scopes: string[];
  state: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string;
  requests_per_minute: number | null;
}

const PATH = '/api/v1/auth/keys';
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90d`, `12h`, `30m` or `45s`. @throws UserError. */
export function lifetimeSeconds(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const seconds = match ? Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS] : 0;
  if (seconds < 1) throw new UserError(`--expires is '${text}', wanted is a time such as 90d or 12h`);
  return seconds;
}

export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description('API keys: make, list, revoke (needs a key with the scope admin)');
  keys
    .command('create')
    .description('make a key and print it; it cannot be shown again')
    .requiredOption('--scopes <list>', 'ingest, read, admin, comma-separated')
    .option('--expires <time>', 'when it ends: 90d, 12h, 30m', '90d')
    .option('--name <text>', 'who or what it is for', 'unnamed')
    .option('--rate-limit <n>', "requests a minute; left out: the gateway's own limit")
    .option('--json', 'the whole answer')
    .action(
      (options: { scopes: string; expires: string; name: string; rateLimit?: string; json?: boolean }) =>
        runCommand(async () => {
          const body = {
            name: options.name,
            scopes: options.scopes.split(',').map((scope) => scope.trim()),
            expires_in_s: lifetimeSeconds(options.expires),
            requests_per_minute:
              options.rateLimit === undefined ? undefined : wholeNumber('--rate-limit', options.rateLimit),
          };
          const api = await ApiClient.connect();
          const made = await api.request<ListedKey & { key: string }>('POST', PATH, {
            type: 'application/json',
            content: JSON.stringify(body),
          });
          if (made === null) throw new UserError('the API has no keys');
          if (options.json) await writeLine(JSON.stringify(made, null, 2));
          else {
            process.stderr.write(
              `${made.id} (${made.name}) may ${made.scopes.join(', ')} until ${made.expires_at}; the key is shown this once:\n`,
            );
            await writeLine(made.key);
          }
          return 0;
        }),
    );
  keys
    .command('list')
    .description('every key with its state and when it was last used')
    .option('--json', 'one JSON array')
    .action((options: { json?: boolean }) =>
      runCommand(async () => {
        const answer = await (await ApiClient.connect()).request<{ keys: ListedKey[] }>('GET', PATH);
        const listed = answer?.keys ?? [];
        if (options.json) await writeLine(JSON.stringify(listed, null, 2));
        else {
          const rows = listed.map((key) => [
            key.id,
            key.name,
            key.scopes.join(','),
            key.state,
            key.created_at,
            key.last_used_at ?? 'never',
            key.expires_at,
          ]);
          await writeLine(table(['id', 'name', 'scopes', 'state', 'created', 'last used', 'expires'], rows));
        }
        return 0;
      }),
    );
  keys
    .command('revoke')
    .description('end a key: every gateway refuses it within about a second')
    .argument('<id>', 'as `keys list` shows it')
    .action((id: string) =>
      runCommand(async () => {
        const path = `${PATH}/${encodeURIComponent(id)}`;
        const answer = await (await ApiClient.connect()).request<object>('DELETE', path);
        if (answer === null) throw new UserError(`no key has the id ${id}: vectadb keys list`);
        await writeLine(`${id} is revoked`);
        return 0;
      }),
    );
}

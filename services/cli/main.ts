import { Command } from 'commander';
import { UserError } from '../../deploy/local/stack.js';
import { SupervisorError } from '../../deploy/local/supervisor.js';
import { ConfigError } from '../../lib/config/env.js';
import * as clean from './commands/clean.js';
import * as consume from './commands/consume.js';
import * as down from './commands/down.js';
import * as lag from './commands/lag.js';
import * as logs from './commands/logs.js';
import * as produce from './commands/produce.js';
import * as scale from './commands/scale.js';
import * as status from './commands/status.js';
import * as topics from './commands/topics.js';
import * as up from './commands/up.js';

/** One module per command, in the order of `vectadb --help`. */
const COMMANDS = [up, down, status, logs, scale, clean, topics, produce, consume, lag];

const program = new Command('vectadb')
  .description('Agent observability from plain logs, as a Kafka topology.')
  .showHelpAfterError('(vectadb --help lists the commands)');
for (const command of COMMANDS) command.register(program);

/** What the user can mend is told in one message; anything else is ours and shows where it happened. */
try {
  await program.parseAsync();
} catch (error) {
  const expected = [UserError, SupervisorError, ConfigError].some((kind) => error instanceof kind);
  console.error(expected || !(error instanceof Error) ? String((error as Error).message ?? error) : error);
  process.exitCode = 1;
}

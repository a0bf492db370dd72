import { Command } from 'commander';
import { clientAddresses, readSettings } from '../../deploy/local/settings.js';
import { UserError } from '../../deploy/local/stack.js';
import { SupervisorError } from '../../deploy/local/supervisor.js';
import { ConfigError } from '../../lib/config/config-error.js';
import * as analyze from './commands/analyze.js';
import * as clean from './commands/clean.js';
import * as consume from './commands/consume.js';
import * as demo from './commands/demo.js';
import * as dlq from './commands/dlq.js';
import * as down from './commands/down.js';
import * as erase from './commands/erase.js';
import * as events from './commands/events.js';
import * as explain from './commands/explain.js';
import * as keys from './commands/keys.js';
import * as lag from './commands/lag.js';
import * as logs from './commands/logs.js';
import * as model from './commands/model.js';
import * as parse from './commands/parse.js';
import * as patterns from './commands/patterns.js';
import * as produce from './commands/produce.js';
import * as receipt from './commands/receipt.js';
import * as replay from './commands/replay.js';
import * as scale from './commands/scale.js';
import * as search from './commands/search.js';
import * as status from './commands/status.js';
import * as topics from './commands/topics.js';
import * as trace from './commands/trace.js';
import * as traces from './commands/traces.js';
import * as up from './commands/up.js';

/** One module per command, in the order of `vectadb --help`. */
const COMMANDS = [
  demo,
  up,
  down,
  status,
  logs,
  scale,
  clean,
  topics,
  produce,
  consume,
  lag,
  dlq,
  analyze,
  parse,
  patterns,
  traces,
  trace,
  events,
  erase,
  explain,
  receipt,
  search,
  keys,
  replay,
  model,
];

const program = new Command('vectadb')
  .description('Agent observability from plain logs, as a Kafka topology.')
  .showHelpAfterError('(vectadb --help lists the commands)');
for (const command of COMMANDS) command.register(program);

// Commands that speak to Kafka find it where `up` put it. To those that run the stack a set address means one of the
// user's own, so theirs must stay as it is.
const KAFKA_CLIENTS = new Set(['topics', 'produce', 'consume', 'lag', 'dlq', 'replay']);
program.hook('preAction', (_program, action) => {
  let top = action;
  while (top.parent && top.parent !== program) top = top.parent;
  if (!KAFKA_CLIENTS.has(top.name())) return;
  for (const [name, value] of Object.entries(clientAddresses(readSettings()))) process.env[name] ||= value;
});

/** What the user can mend is told in one message; anything else is ours and shows where it happened. */
try {
  await program.parseAsync();
} catch (error) {
  const expected = [UserError, SupervisorError, ConfigError].some((kind) => error instanceof kind);
  console.error(expected || !(error instanceof Error) ? String((error as Error).message ?? error) : error);
  process.exitCode = 1;
}

import { createInterface } from 'node:readline/promises';
import { UserError } from '../../deploy/local/stack.js';
import { Outcomes } from '../../lib/dead-letters/outcomes.js';
import { isEncoding } from '../../lib/dead-letters/recode.js';
import { redrive } from '../../lib/dead-letters/redrive.js';
import { planRedrive, sendBack } from '../../lib/dead-letters/send-back.js';
import { faultPointAt, noFaultPoint } from '../../lib/kafka/exactly-once/fault-point.js';
import { type FilterOptions, filterOf, readPosition, withLetters } from './dead-letter-command.js';
import { table, wholeNumber, writeLine } from './kafka-command.js';

export interface RedriveOptions extends FilterOptions {
  all?: boolean;
  again?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  encoding?: string;
}

/** `vectadb dlq redrive`. Returns the exit code. */
export async function redriveLetters(names: string[], options: RedriveOptions): Promise<number> {
  const filter = filterOf(options);
  for (const name of names) readPosition(name);
  if (names.length > 0) filter.names = new Set(names);
  const limit =
    options.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', options.limit);
  if (!options.all && Object.values(filter).every((value) => value === undefined))
    throw new UserError('name letters, or select them by --cause, --since, …; --all takes every open one');
  const { encoding, again = false } = options;
  if (encoding !== undefined && !isEncoding(encoding))
    throw new UserError(`--encoding is '${encoding}', which is no encoding that is known`);
  return withLetters(async ({ letters, context, cluster }) => {
    const back = await sendBack(context, cluster, encoding);
    const plan = new Outcomes();
    const { selected } = await planRedrive(letters, { filter, again, limit, back }, (one) => plan.add(one));
    if (options.dryRun || selected === 0) {
      await print(plan, options.json, 'No dead letters are selected.');
      return 0;
    }
    if (!options.yes && !(await isConfirmed(selected, plan))) return 1;
    const done = new Outcomes();
    await redrive({
      kafka: context.kafka,
      cluster,
      filter,
      again,
      limit,
      wayBack: back,
      onDone: (one) => done.add(one),
      faultPoint: process.env.FAULT_POINT
        ? faultPointAt(process.env.FAULT_POINT, () => process.kill(process.pid, 'SIGKILL'))
        : noFaultPoint,
    });
    await print(done, options.json, 'Nothing was left to send.');
    return 0;
  });
}

const print = (outcomes: Outcomes, json: boolean | undefined, nothing: string): Promise<void> =>
  writeLine(json ? JSON.stringify(shown(outcomes)) : render(outcomes, nothing));

const shown = (outcomes: Outcomes) =>
  outcomes.rows().map(({ result, reason, ...row }) => ({
    ...row,
    outcome: reason === null ? result : `${result}: ${reason}`,
  }));

function render(outcomes: Outcomes, nothing: string): string {
  const rows = shown(outcomes).map((row) => [
    row.letters,
    row.stage,
    row.cause,
    row.outcome,
    row.to ?? '-',
    row.example,
  ]);
  return rows.length === 0
    ? nothing
    : table(['letters', 'stage', 'cause', 'outcome', 'to', 'first'], rows, [0]);
}

async function isConfirmed(selected: number, plan: Outcomes): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError('nobody can be asked here: --yes sends, --dry-run only shows');
  process.stderr.write(`${render(plan, '')}\n`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`Send ${selected} letters? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

import type { Command } from 'commander';
import { withAdmin } from '../../../lib/kafka/admin.js';
import { GROUP_INPUTS, type GroupLag, readLag } from '../../../lib/kafka/lag.js';
import { kafkaContext, runCommand, table, writeLine } from '../kafka-command.js';

/** `vectadb lag`: how far each consumer group is behind, partition by partition. */
export function register(program: Command): void {
  program
    .command('lag')
    .description('position, end and lag of each consumer group')
    .argument('[groups...]', `consumer groups; left out: ${Object.keys(GROUP_INPUTS).join(', ')}`)
    .option('--json', 'for scripts')
    .action((groups: string[], options: { json?: boolean }) =>
      runCommand(async () => {
        const lags = await withAdmin(kafkaContext().kafka, (admin) =>
          readLag(admin, groups.length > 0 ? groups : undefined),
        );
        await writeLine(options.json ? JSON.stringify(lags) : render(lags));
        return 0;
      }),
    );
}

function render(groups: GroupLag[]): string {
  const sections = groups.map((group) => {
    const state = group.state === 'Dead' ? 'not there yet' : group.state;
    const title = `${group.group}${group.exactlyOnce ? '*' : ''}: ${state}, ${group.members} members, lag ${group.lag}`;
    if (group.partitions.length === 0) return `${title}\n  reads nothing here`;
    const rows = group.partitions.map((one) => [
      `  ${one.topic}`,
      one.partition,
      one.position ?? '-',
      one.end,
      one.lag,
      one.member ?? '-',
    ]);
    return `${title}\n${table(['  topic', 'partition', 'position', 'end', 'lag', 'member'], rows, [1, 2, 3, 4])}`;
  });
  const note = groups.some(({ exactlyOnce }) => exactlyOnce)
    ? '\n\n* exactly once: the true position is in its changelog; this one is committed about once a second, for display.'
    : '';
  return `${sections.join('\n\n')}\n\nLag is in offsets; transaction markers count.${note}`;
}

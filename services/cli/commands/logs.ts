import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import { UserError } from '../../../deploy/local/stack.js';

export function register(program: Command): void {
  program
    .command('logs [component]')
    .description("a component's last log lines, of all components without a name")
    .option('-n, --lines <number>', 'lines of each log', '50')
    .option('-f, --follow', 'go on as lines are written')
    .action(async (component: string | undefined, options: { lines: string; follow?: boolean }) => {
      const lines = Number(options.lines);
      if (!Number.isInteger(lines) || lines < 0) {
        throw new UserError(`--lines is '${options.lines}', wanted is a whole number`);
      }
      await (await chooseStack()).logs(component, { lines, follow: options.follow ?? false });
    });
}

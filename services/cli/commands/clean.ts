import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';

export function register(program: Command): void {
  program
    .command('clean')
    .description('end everything and remove what was stored; downloads stay')
    .option('--cache', 'remove the downloads, too')
    .action(async (options: { cache?: boolean }) => {
      const stack = await chooseStack();
      await stack.clean({ cache: options.cache ?? false, progress: (message) => console.error(message) });
    });
}

import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';

export function register(program: Command): void {
  program
    .command('down')
    .description('end everything; what was stored stays')
    .action(async () => {
      const stack = await chooseStack();
      await stack.down((message) => console.error(message));
      console.log('down');
    });
}

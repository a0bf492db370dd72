import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import { UserError } from '../../../deploy/local/stack.js';

export function register(program: Command): void {
  program
    .command('up')
    .description('install what is missing, start everything, wait until it is ready')
    .option('--limit <seconds>', 'longest wait for readiness once everything is installed', '180')
    .action(async (options: { limit: string }) => {
      const limitMs = Number(options.limit) * 1_000;
      if (!(limitMs > 0)) throw new UserError(`--limit is '${options.limit}', wanted is a number of seconds`);
      const started = Date.now();
      const progress = (message: string) =>
        console.error(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${message}`);
      const stack = await chooseStack();
      const { endpoints, api_key } = await stack.up({ progress, limitMs });
      console.log(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
      console.log(`API      ${endpoints.gateway?.url ?? '(no gateway)'}`);
      console.log(`API key  ${api_key}`);
    });
}

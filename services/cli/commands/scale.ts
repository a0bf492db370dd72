import type { Command } from 'commander';
import { chooseStack } from '../../../deploy/local/choose.js';
import { UserError } from '../../../deploy/local/stack.js';

export function register(program: Command): void {
  program
    .command('scale <service> <instances>')
    .description('run so many instances of a service, until the next down')
    .action(async (service: string, instances: string) => {
      const count = Number(instances);
      if (!Number.isInteger(count) || count < 0) {
        throw new UserError(`instances is '${instances}', wanted is a whole number`);
      }
      await (await chooseStack()).scale(service, count);
      console.log(`${service}: ${count}`);
    });
}

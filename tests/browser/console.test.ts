import { afterAll, afterEach, beforeAll } from 'vitest';
import { pageTests } from './pages/index.js';
import { taskTests } from './tasks.js';
import { World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterEach(() => world.closePages());
afterAll(() => world?.stop());

pageTests(() => world);
taskTests(() => world);

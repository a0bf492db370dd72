import { composeStack } from './compose-stack.js';
import { pidPath } from './control.js';
import { composeAnswers } from './docker.js';
import { homeFolder } from './home.js';
import { localStack } from './local-stack.js';
import { holder } from './pid-file.js';
import type { Stack } from './stack.js';

/** The stack that runs here as processes; else containers where a Docker engine answers; else processes. */
export async function chooseStack(): Promise<Stack> {
  if (holder(pidPath(homeFolder())) !== null) return localStack();
  return (await composeAnswers()) ? composeStack() : localStack();
}

import type { Progress } from './install.js';
import type { ComponentStatus } from './supervisor.js';

/** What `vectadb status` shows, for people and with --json for scripts. */
export interface StackReport {
  mode: 'local' | 'docker';
  running: boolean;
  /** Everything that should run does, and says that it is ready. */
  ready: boolean;
  /** Development key of the HTTP API; null before the first `up`. */
  api_key: string | null;
  /** Address and state by name; of services that run several times, one entry each. */
  endpoints: Record<string, { url: string; state: string; ready: boolean }>;
  components: ComponentStatus[];
}

export interface UpOptions {
  progress: Progress;
  /** Longest wait for readiness once everything is installed, milliseconds. */
  limitMs: number;
}

/** The stack on this machine, as processes or as containers. What was stored survives down() and up(). */
export interface Stack {
  mode: 'local' | 'docker';
  /** Installs what is missing, starts what does not run, resolves when all is ready. @throws UserError otherwise. */
  up(options: UpOptions): Promise<StackReport>;
  /** Ends everything. Resolves at once when nothing runs. */
  down(progress: Progress): Promise<void>;
  status(): Promise<StackReport>;
  /** Prints a component's log, all of them without a name; `follow` goes on until interrupted. */
  logs(component: string | undefined, options: { lines: number; follow: boolean }): Promise<void>;
  /** down(), and removes what was stored; downloads stay unless `cache`. */
  clean(options: { cache: boolean; progress: Progress }): Promise<void>;
  scale(component: string, instances: number): Promise<void>;
}

/** Something the user can mend; shown without a stack trace. */
export class UserError extends Error {
  override name = 'UserError';
}

/** Puts component states into the report that both stacks share. */
export function report(
  mode: 'local' | 'docker',
  components: ComponentStatus[],
  apiKey: string | null,
): StackReport {
  return {
    mode,
    running: components.length > 0,
    ready: components.length > 0 && components.every((component) => component.ready),
    api_key: apiKey,
    endpoints: Object.fromEntries(
      components
        .filter((component) => component.url !== null)
        .map(({ name, url, state, ready }) => [name, { url: url!, state, ready }]),
    ),
    components,
  };
}

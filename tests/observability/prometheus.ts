import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { reservePort } from '../../deploy/local/ports.js';
import { type RunningProcess, startProcess } from '../../deploy/local/process.js';
import { answers, waitFor } from '../../deploy/local/wait.js';
import { projectRoot } from '../../lib/config/root.js';

export interface AlertRule {
  name: string;
  query: string;
  health: string;
  lastError?: string;
  state: 'inactive' | 'pending' | 'firing';
}

/** A Prometheus of one's own that scrapes each second, with the repository's rules. */
export class TestPrometheus {
  private constructor(
    private readonly child: RunningProcess,
    private readonly url: string,
    private readonly release: () => void,
  ) {}

  /** @param targets `host:port` of each service. */
  static async start(server: string, folder: string, targets: readonly string[]): Promise<TestPrometheus> {
    const { port, release } = await reservePort();
    const config = join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: [join(projectRoot(), 'deploy/prometheus/alerts.yml')],
        scrape_configs: [{ job_name: 'vectadb', static_configs: [{ targets }] }],
      }),
    );
    const child = await startProcess({
      command: server,
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      logFile: join(folder, 'logs/prometheus.log'),
    });
    const url = `http://127.0.0.1:${port}`;
    await waitFor('Prometheus', () => answers(`${url}/-/ready`), { limitMs: 60_000, child });
    return new TestPrometheus(child, url, release);
  }

  /** Number of series that an instant query gives. @throws with what Prometheus says where it cannot be evaluated. */
  async series(query: string): Promise<number> {
    const { result } = await this.get<{ result: unknown[] }>(`query?${new URLSearchParams({ query })}`);
    return result.length;
  }

  async rules(): Promise<AlertRule[]> {
    const { groups } = await this.get<{ groups: { rules: AlertRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    await this.child.stop();
    this.release();
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`, { signal: AbortSignal.timeout(20_000) });
    const body = (await response.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  }
}

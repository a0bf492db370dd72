import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../lib/config/root.js';
import { cacheFolder } from '../local/home.js';
import { findPrometheus } from '../local/prometheus.js';

const folder = join(projectRoot(), 'deploy/prometheus');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}

const { groups } = parse(readFileSync(join(folder, 'alerts.yml'), 'utf8')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

describe('the alert rules', () => {
  it('have names of their own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules)('$alert has a severity and says what to do', ({ labels, annotations }) => {
    expect(labels.severity).toMatch(/^(page|ticket)$/);
    // what is wrong, then a colon or semicolon, then what to do about it
    expect(annotations.summary).toMatch(/.{15,}[:;] .{15,}/);
  });
});

const prometheus = findPrometheus(cacheFolder());
if (!prometheus)
  console.error(
    'promtool is neither on PATH nor in the cache: the integration tests put it there; rules are not checked',
  );

describe.skipIf(!prometheus)('promtool', () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(prometheus!.promtool, args, {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };

  it.each([
    ['takes the scrape config', ['check', 'config', 'prometheus.yml']],
    ['takes the rules', ['check', 'rules', 'alerts.yml']],
    ['finds that rules fire on what they are for, and only then', ['test', 'rules', 'alerts.test.yml']],
  ])('%s', (_, args) => {
    const { status, output } = promtool(...args);
    expect(output).not.toContain('FAILED');
    expect(status, output).toBe(0);
  });
});

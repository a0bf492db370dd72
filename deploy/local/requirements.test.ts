import { expect, it } from 'vitest';
import { parseJavaVersion } from './java.js';
import { atLeast, missingReport, missingTools, type Tool } from './requirements.js';

const probes = (present: Tool[]) =>
  Object.fromEntries(
    (['node', 'java', 'maven', 'python'] as const).map((tool) => [tool, () => present.includes(tool)]),
  ) as Record<Tool, () => boolean>;

it('names everything that is missing at once, each with the package that brings it', () => {
  const missing = missingTools(['node', 'java', 'maven', 'python'], probes(['node']));
  expect(missing).toEqual(['java', 'maven', 'python']);
  expect(missingReport(missing)).toBe(
    [
      'missing on this machine:',
      '  Java 17 or newer: package openjdk-17-jre-headless (Homebrew: openjdk@17)',
      '  Maven: package maven (Homebrew: maven)',
      '  Python 3.9 or newer with venv: packages python3 and python3-venv (Homebrew: python)',
      '  or a Docker engine instead of Java, Maven and Python: package docker.io',
    ].join('\n'),
  );
});

it('reports nothing where nothing is missing, and only what is needed', () => {
  expect(missingReport(missingTools(['node'], probes(['node'])))).toBeNull();
  expect(missingReport(['node'])).not.toContain('Docker');
});

it.each([
  ['v20.19.0', true],
  ['v20.18.9', false],
  ['v20.20.1', true],
  ['v22.0.0', true],
  ['v18.99.0', false],
])('takes Node %s: %s', (version, fits) => {
  expect(atLeast(version, [20, 19])).toBe(fits);
});

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['command not found', null],
])('reads the Java version from %s', (output, version) => {
  expect(parseJavaVersion(output)).toBe(version);
});

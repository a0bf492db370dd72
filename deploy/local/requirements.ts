import { execFileSync } from 'node:child_process';
import { findJava } from './java.js';

export type Tool = 'node' | 'java' | 'maven' | 'python';

const PACKAGES: Record<Tool, { what: string; from: string }> = {
  node: {
    what: 'Node.js 20.19 or newer',
    from: 'https://nodejs.org, or package nodejs of a current distribution',
  },
  java: { what: 'Java 17 or newer', from: 'package openjdk-17-jre-headless (Homebrew: openjdk@17)' },
  maven: { what: 'Maven', from: 'package maven (Homebrew: maven)' },
  python: {
    what: 'Python 3.9 or newer with venv',
    from: 'packages python3 and python3-venv (Homebrew: python)',
  },
};

/** Version `a.b.c` as numbers compared one by one: true when `version` is at least `least`. */
export function atLeast(version: string, least: readonly number[]): boolean {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false; // not there, or not able to
  }
}

const PROBES: Record<Tool, () => boolean> = {
  node: () => atLeast(process.version, [20, 19]),
  java: () => findJava() !== null,
  maven: () => succeeds('mvn', ['--version']),
  python: () =>
    succeeds('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))']),
};

/** Which of `needed` this machine lacks. */
export const missingTools = (needed: readonly Tool[], probes = PROBES): Tool[] =>
  needed.filter((tool) => !probes[tool]());

/** All that is missing at once, each with what brings it; null when nothing is. */
export function missingReport(missing: readonly Tool[]): string | null {
  if (missing.length === 0) return null;
  const lines = missing.map((tool) => `  ${PACKAGES[tool].what}: ${PACKAGES[tool].from}`);
  const instead = missing.some((tool) => tool !== 'node')
    ? ['  or a Docker engine instead of Java, Maven and Python: package docker.io']
    : [];
  return ['missing on this machine:', ...lines, ...instead].join('\n');
}

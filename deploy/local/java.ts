import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Major version in the output of `java -version`, or null: `openjdk version "17.0.15"` is 17, `"1.8.0_402"` is 8. */
export function parseJavaVersion(output: string): number | null {
  const found = /version "(?:1\.)?(\d+)/.exec(output);
  return found ? Number(found[1]) : null;
}

function versionOf(java: string): number | null {
  try {
    // -version prints to standard error.
    return parseJavaVersion(
      execFileSync('/bin/sh', ['-c', '"$0" -version 2>&1', java], { encoding: 'utf8', timeout: 10_000 }),
    );
  } catch {
    return null; // not a Java that runs
  }
}

/**
 * The Java to run brokers and registry with: JAVA_HOME, then PATH, then /usr/lib/jvm; the first of version 17 to 21, else
 * the first newer one. Null when there is none.
 */
export function findJava(environment: Record<string, string | undefined> = process.env): string | null {
  const candidates: string[] = [];
  if (environment.JAVA_HOME) candidates.push(join(environment.JAVA_HOME, 'bin/java'));
  for (const folder of (environment.PATH ?? '').split(':')) candidates.push(join(folder, 'java'));
  const root = '/usr/lib/jvm';
  if (existsSync(root)) for (const name of readdirSync(root)) candidates.push(join(root, name, 'bin/java'));
  let newer: string | null = null;
  for (const java of new Set(candidates)) {
    if (!existsSync(java)) continue;
    const version = versionOf(java);
    if (version !== null && version >= 17 && version <= 21) return java;
    if (version !== null && version > 21) newer ??= java;
  }
  return newer;
}

/** As {@link findJava}. @throws naming the package that brings it. */
export function requireJava(): string {
  const java = findJava();
  if (!java) throw new Error('no Java 17 or newer found: install openjdk-17-jre-headless, or set JAVA_HOME');
  return java;
}

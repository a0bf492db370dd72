import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { vi } from 'vitest';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command of the command line in this process. */
export async function runCli(register: (program: Command) => void, ...args: string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  const before = process.exitCode;
  try {
    const program = new Command('vectadb');
    register(program);
    await program.parseAsync(args, { from: 'user' });
    return { ...written, code: Number(process.exitCode ?? 0) };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** A file of that name with this content, in a folder of its own. */
export function tempFile(name: string, content: string | Buffer): string {
  const path = join(mkdtempSync(join(tmpdir(), 'vectadb-cli-')), name);
  writeFileSync(path, content);
  return path;
}

// Everything that must hold: types, style, every test. Ends with `N passed, N failed` and exits 1 where one failed; a step
// that breaks before it can count is one failure.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const RESULTS = '.vectadb/test';
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });

/** Runs a program on our terminal (or silently, its output kept) and resolves to its exit code. */
function run(command, args, { quiet = false } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

let passed = 0;
let failed = 0;

async function check(name, command, args) {
  const started = Date.now();
  const { code, output } = await run(command, args, { quiet: true });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (code === 0) passed++;
  else failed++;
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
}

await Promise.all([
  check('types', 'npx', ['--no-install', 'tsc', '--noEmit']),
  check('types of the console', 'npx', ['--no-install', 'tsc', '--noEmit', '-p', 'services/console']),
  check('style', 'npx', ['--no-install', 'biome', 'check', '.']).then(() =>
    check('dependency rules', 'npx', [
      '--no-install',
      'depcruise',
      '--config',
      '.dependency-cruiser.cjs',
      'lib',
      'services',
    ]),
  ),
]);

const file = `${RESULTS}/vitest.json`;
const { code } = await run('npx', [
  '--no-install',
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${file}`,
]);
let counted = { passed: 0, failed: 0 };
try {
  counted = count(JSON.parse(readFileSync(file, 'utf8')));
} catch (error) {
  console.log(`the test runner left no result: ${error.message}`);
}
passed += counted.passed;
failed += counted.failed;
if (code !== 0 && counted.failed === 0) failed++; // it broke outside of a test

const line = `${passed} passed, ${failed} failed`;
writeFileSync(`${RESULTS}/summary.txt`, `${line}\n`);
console.log(line);
process.exitCode = failed === 0 ? 0 : 1;

/** Tests of a vitest JSON report; a file that failed without a failed test (it could not be loaded) counts as one. */
function count(report) {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
}

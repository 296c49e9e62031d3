import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { needChromium, wantFfmpeg, wantPostgres } from './machine.ts';
import { checks, runStep, type Step } from './steps.ts';
import { type Tally, tallyOfPlaywright, tallyOfVitest } from './tally.ts';

// Everything a change can break, in the order in which it is cheapest to hear of it.
const reports = path.resolve('test-results');
mkdirSync(reports, { recursive: true });
const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

const chromium = needChromium();
console.log(`Browser: ${chromium}`);
console.log(`FFmpeg: ${wantFfmpeg() ?? 'none; the tests that compare with it are skipped'}`);
console.log(`Postgres: ${wantPostgres() ?? 'none; the tests of several BFFs on one database are skipped'}`);

for (const check of checks) {
  const isFine = await runStep(check);
  total[isFine ? 'passed' : 'failed'] += 1;
  if (!isFine) failures.push(check.proves);
}

const suites: readonly (Step & { report: string; tally: (file: string) => Tally })[] = [
  {
    proves: 'unit, server and browser tests',
    command: ['vitest', 'run', '--project', 'node', '--project', 'browser'],
    report: 'vitest.json',
    tally: tallyOfVitest,
  },
  {
    proves: 'against real media servers',
    command: ['vitest', 'run', '--project', 'real'],
    report: 'real.json',
    tally: tallyOfVitest,
  },
  {
    proves: 'end to end, in Chromium against npm start',
    command: ['playwright', 'test', '--config', 'e2e/playwright.config.ts'],
    report: 'e2e.json',
    tally: tallyOfPlaywright,
  },
];
for (const suite of suites) {
  const report = path.join(reports, suite.report);
  rmSync(report, { force: true });
  const isVitest = suite.command[0] === 'vitest';
  const isFine = await runStep({
    ...suite,
    command: isVitest
      ? [...suite.command, '--reporter', 'default', '--reporter', 'json', '--outputFile.json', report]
      : [...suite.command, '--reporter', 'list,json'],
    environment: { PARAPET_TEST_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
  });
  const tally = existsSync(report) ? suite.tally(report) : { passed: 0, failed: 1, skipped: 0 };
  // A runner that fails although no test did (a crash after the report) must not pass for green.
  if (!isFine && tally.failed === 0) tally.failed = 1;
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  if (tally.failed > 0) failures.push(suite.proves);
}

if (failures.length > 0) console.log(`\nFailed: ${failures.join('; ')}`);
console.log(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

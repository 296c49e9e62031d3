import process from 'node:process';
import { checks, runStep } from './steps.ts';

// Format, lint and types: everything that needs no browser and no server.
let failed = 0;
for (const check of checks) if (!(await runStep(check))) failed += 1;
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

import { defineConfig } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results/e2e',
  // One wall at a time: sixteen software decoders are what two cores can carry.
  workers: 1,
  retries: 0,
  timeout: 90_000,
  forbidOnly: true,
  use: {
    browserName: 'chromium',
    viewport: { width: 1920, height: 1080 },
    launchOptions: { executablePath: needChromium(), args: chromiumFlags },
    trace: 'retain-on-failure',
  },
});

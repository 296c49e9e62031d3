import process from 'node:process';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { mockWorker } from './mocks/vite-plugin.ts';
import { leanZod } from './vite.lean.ts';
import { chromiumFlags, findChromium } from './.ci/machine.ts';

const executablePath = findChromium();
// A test of something that needs a browser says so in its name; runes need `.svelte.` there as well.
const inBrowser = ['src/**/*.svelte.test.ts', 'src/**/*.browser.test.ts', 'mocks/**/*.browser.test.ts'];

// In development Vite serves the app and passes the rest on to the BFF (server/main.ts --dev).
const bff = process.env['PARAPET_BFF_URL'];

export default defineConfig({
  // The first versions with light-dark(). Written out for older ones it is decided at the root, and the dark around pictures
  // in a light office would be light.
  build: { cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'] },
  server: {
    ...(bff === undefined ? {} : { proxy: { '/api': bff, '/healthz': bff, '/readyz': bff } }),
  },
  plugins: [
    mockWorker(),
    leanZod(),
    tailwindcss(),
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html' }),
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- `public/` is where people look for what is shipped as is.
      files: { assets: 'public' },
    }),
  ],
  test: {
    // A poll that gives up after the runner's one second times the machine, not what is tested.
    expect: { requireAssertions: true, poll: { timeout: 15_000 } },
    // How long a test may hang, not how long it may take: two cores run a browser and hundreds of files at once.
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['{src,server,mocks,bench,.ci}/**/*.test.ts'],
          exclude: inBrowser,
        },
      },
      {
        extends: true,
        test: {
          name: 'real',
          environment: 'node',
          include: ['e2e/real/**/*.real.test.ts'],
          testTimeout: 60_000,
          // The first run builds the servers from their Go modules.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: inBrowser,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { ...(executablePath ? { executablePath } : {}), args: chromiumFlags },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});

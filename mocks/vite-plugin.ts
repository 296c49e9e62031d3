import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Serves MSW's worker to `vite dev` and to browser tests. It stays out of `public/`, because all of that is shipped. */
export function mockWorker(): Plugin {
  return {
    name: 'parapet:mock-worker',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/mockServiceWorker.js', (_request, response) => {
        response.setHeader('content-type', 'text/javascript');
        response.end(readFileSync(new URL('./mockServiceWorker.js', import.meta.url)));
      });
    },
  };
}

import { expect } from 'vitest';

/** What has to become true soon: waits as long as a busy machine may need, and not longer than it takes. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000, interval: 20 });

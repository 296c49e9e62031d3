import { z } from 'zod';

/**
 * A moment: ISO 8601 on the wire, epoch milliseconds UTC in code (docs/time.md).
 * Servers `encode` it, browsers `decode` it; neither ever sees the other form.
 */
export const Instant = z.codec(z.iso.datetime({ offset: true }), z.int(), {
  decode: (text) => Date.parse(text),
  encode: (epochMs) => new Date(epochMs).toISOString(),
});

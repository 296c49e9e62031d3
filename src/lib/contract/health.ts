import { z } from 'zod';
import { Instant } from './instant.ts';

/** How one thing that Parapet leans on is doing. */
export const PartHealth = z.object({
  /** `database`, `gateway`, `livekit` where one is configured, or `vms:<id>`. */
  part: z.string(),
  isUp: z.boolean(),
  since: Instant.optional(),
  /** A plain sentence, without hosts, addresses or secrets. */
  detail: z.string().optional(),
});

/** Readiness: 200 when sessions can be served (database answers), 503 otherwise. Parts may be down while ready. */
export const Readiness = z.object({ isReady: z.boolean(), parts: z.array(PartHealth) });
export type Readiness = z.output<typeof Readiness>;

import { z } from 'zod';
import { openHevcClips } from '#mocks/camera/hevc/hevc.ts';
import { openStills } from '#mocks/camera/stills/stills.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { startControl } from '#mocks/xprotect/control.ts';
import { stillsFrom } from '#mocks/xprotect/stills.ts';
import { startXProtect } from '#mocks/xprotect/xprotect.ts';

/**
 * The demo site as a process of its own: a pretend XProtect with its recorders on the loopback address. Says
 * `{ ready: true, url, controlUrl }` to its parent once everything listens; ends when the parent does.
 */
const Environment = z.object({
  PARAPET_DEMO_XPROTECT_USER: z.string().min(1),
  PARAPET_DEMO_XPROTECT_PASSWORD: z.string().min(1),
  /** Absent: no control endpoint. */
  PARAPET_DEMO_CONTROL_SECRET: z
    .string()
    .regex(/^\S{16,}$/, 'must be 16 characters or more, no blanks')
    .optional(),
  /** The gateway's port; a free one by default. */
  PARAPET_DEMO_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
});

const parsed = Environment.safeParse(process.env);
if (!parsed.success) {
  console.error(`The demo site cannot start:\n${z.prettifyError(parsed.error)}`);
  process.exit(2);
}
const environment = parsed.data;

// Nothing here outlives the process, so there is nothing to tidy up that its end does not.
const end = (): never => process.exit(0);
process.on('SIGTERM', end).on('SIGINT', end).on('disconnect', end);

const [pictures, stills, hevc] = await Promise.all([openPictures(), openStills(), openHevcClips()]);
const xprotect = await startXProtect({
  username: environment.PARAPET_DEMO_XPROTECT_USER,
  password: environment.PARAPET_DEMO_XPROTECT_PASSWORD,
  port: environment.PARAPET_DEMO_PORT,
  pictures,
  stills: stillsFrom(stills),
  hevc,
});
const secret = environment.PARAPET_DEMO_CONTROL_SECRET;
const control = secret === undefined ? undefined : await startControl(xprotect, secret);

const ready = {
  ready: true,
  url: xprotect.url,
  ...(control === undefined ? {} : { controlUrl: control.url }),
};
if (process.send === undefined) console.log(JSON.stringify(ready));
else process.send(ready);

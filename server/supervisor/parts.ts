import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import type { Config } from '#server/config.ts';
import { type Child, superviseChild } from './child.ts';

const secret = (): string => randomBytes(32).toString('base64url');
const entry = (file: string): string => path.resolve(import.meta.dirname, '../..', file);

/** What the parts need to know of the configuration. */
export interface PartsPlan {
  /** Its `isDemo` decides whether the demo site is run and shown. */
  readonly config: Pick<Config, 'dataDir' | 'isDemo' | 'media' | 'logLevel'>;
  readonly host: string;
  readonly port: number;
  /** The password of the demo's accounts. */
  readonly demoPassword: string | undefined;
  readonly isDev: boolean;
  readonly onDeath: (words: string) => void;
  /** Aborting it while the parts start ends those that run already. */
  readonly signal: AbortSignal;
}

export interface Parts {
  /** The generated password of the first administrator, when there was one to generate. */
  readonly adminPassword: string | undefined;
  stop(): Promise<void>;
}

const bffReady = z.object({ port: z.int(), generatedAdminPassword: z.string().optional() });
const engineReady = z.object({ port: z.int(), mediaPort: z.int() });
const siteReady = z.object({ url: z.string(), controlUrl: z.string().optional() });

/** How long a part has to end by itself. The whole has three seconds (README). */
const graceMs = 2000;

/**
 * Starts demo site (if asked for), engine and BFF, in the order in which they need each other, and keeps them alive.
 * When one of them cannot start at all, those before it are ended and its reason is thrown.
 */
export async function startParts(plan: PartsPlan): Promise<Parts> {
  const children: Child<unknown>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop(graceMs)));
  };
  const keep = <Ready>(child: Child<Ready>): Child<Ready> => {
    children.push(child);
    return child;
  };

  plan.signal.addEventListener('abort', () => void stop());
  try {
    const demo = plan.config.isDemo ? await startDemoSite(plan) : undefined;
    if (demo) keep(demo.child);

    const engineSecret = secret();
    const engine = keep(
      await superviseChild({
        name: 'The engine',
        entry: entry('server/engine/main.ts'),
        environment: (last: z.infer<typeof engineReady> | undefined) => ({
          PARAPET_ENGINE_SECRET: engineSecret,
          PARAPET_ENGINE_PORT: String(last?.port ?? 0),
          // A restarted engine keeps its UDP port: firewalls and the answers already given name it.
          PARAPET_MEDIA_PORT: String(last?.mediaPort ?? plan.config.media.port),
          PARAPET_MEDIA_HOST: plan.config.media.host,
          PARAPET_MEDIA_ADDRESSES: plan.config.media.addresses.join(','),
          PARAPET_MEDIA_MTU: String(plan.config.media.mtu),
          PARAPET_LINGER_MS: String(plan.config.media.lingerMs),
          PARAPET_LOG_LEVEL: plan.config.logLevel,
        }),
        ready: engineReady,
        patienceMs: 20_000,
        onDeath: plan.onDeath,
      }),
    );

    const bff = keep(
      await superviseChild({
        name: 'The BFF',
        entry: entry('server/bff.ts'),
        environment: () => ({
          HOST: plan.host,
          PORT: String(plan.port),
          PARAPET_DATA_DIR: plan.config.dataDir,
          PARAPET_ENGINE_URL: `http://127.0.0.1:${engine.first.port}`,
          PARAPET_ENGINE_SECRET: engineSecret,
          PARAPET_DEV: plan.isDev ? '1' : undefined,
          PARAPET_DEMO_PASSWORD: plan.demoPassword,
          PARAPET_LOG_LEVEL: plan.config.logLevel,
          ...demo?.environment,
        }),
        ready: bffReady,
        patienceMs: 60_000,
        onDeath: plan.onDeath,
      }),
    );
    plan.signal.throwIfAborted();
    return { adminPassword: bff.first.generatedAdminPassword, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function startDemoSite(plan: PartsPlan) {
  const user = 'parapet';
  const password = secret();
  const controlSecret = process.env['PARAPET_DEMO_CONTROL_SECRET'] ?? secret();
  const child = await superviseChild({
    name: 'The demo site',
    entry: entry('mocks/site/main.ts'),
    environment: (last: z.infer<typeof siteReady> | undefined) => ({
      PARAPET_DEMO_XPROTECT_USER: user,
      PARAPET_DEMO_XPROTECT_PASSWORD: password,
      PARAPET_DEMO_CONTROL_SECRET: controlSecret,
      // The BFF knows the site by this address; after a crash it has to be there again.
      ...(last ? { PARAPET_DEMO_PORT: new URL(last.url).port } : {}),
    }),
    ready: siteReady,
    patienceMs: 20_000,
    onDeath: plan.onDeath,
  });
  const note = path.join(plan.config.dataDir, 'demo.json');
  rmSync(note, { force: true });
  // Where to break and mend the demo's cameras; who may is decided by the secret, which is not in here.
  writeFileSync(note, JSON.stringify({ controlUrl: child.first.controlUrl }), { mode: 0o600 });
  return {
    child,
    environment: {
      PARAPET_DEMO_XPROTECT_URL: child.first.url,
      PARAPET_DEMO_XPROTECT_USER: user,
      PARAPET_DEMO_XPROTECT_PASSWORD: password,
    },
  };
}

import type { Readiness } from '#contract/health.ts';
import type { Gateway } from '#server/gateway/gateway.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Store } from '#server/store/store.ts';

const patienceMs = 1000;
/** Answers are shared for so long: whoever asks often must not load what is asked about. */
const freshMs = 1000;

type Part = Readiness['parts'][number];

/** Remembers since when a part is as it is. */
function sinceKeeper(now: () => number): (part: string, isUp: boolean) => number {
  const last = new Map<string, { readonly isUp: boolean; readonly since: number }>();
  return (part, isUp) => {
    const known = last.get(part);
    if (known?.isUp === isUp) return known.since;
    const since = now();
    last.set(part, { isUp, since });
    return since;
  };
}

async function answers(question: Promise<unknown>): Promise<boolean> {
  const late = AbortSignal.timeout(patienceMs);
  return await Promise.race([
    question.then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((resolve) => late.addEventListener('abort', () => resolve(false))),
  ]);
}

export function healthRoutes(parts: {
  readonly store: Store;
  readonly gateway: Gateway;
  /** Whether LiveKit is being spared because it fails; undefined where none is configured. */
  readonly liveKit?: { readonly isDown: boolean } | undefined;
  readonly now: () => number;
}): Pick<Handlers, 'readHealth' | 'readReadiness'> {
  const { store, gateway, liveKit, now } = parts;
  const since = sinceKeeper(now);
  let last: { readonly at: number; readonly readiness: Promise<Readiness> } | undefined;

  async function probe(): Promise<Readiness> {
    const [isDatabaseUp, isGatewayUp] = await Promise.all([
      answers(store.ping()),
      answers(gateway.incarnation(AbortSignal.timeout(patienceMs))),
    ]);
    const systems = isDatabaseUp
      ? await store.db
          .selectFrom('vms')
          .selectAll()
          .orderBy('id')
          .execute()
          .catch(() => [])
      : [];
    return {
      isReady: isDatabaseUp,
      parts: [
        {
          part: 'database',
          isUp: isDatabaseUp,
          since: since('database', isDatabaseUp),
          ...(isDatabaseUp ? {} : { detail: 'The database does not answer.' }),
        },
        {
          part: 'gateway',
          isUp: isGatewayUp,
          since: since('gateway', isGatewayUp),
          ...(isGatewayUp
            ? {}
            : { detail: 'The media gateway does not answer; live pictures cannot start.' }),
        },
        ...(liveKit === undefined
          ? []
          : [
              {
                part: 'livekit',
                isUp: !liveKit.isDown,
                since: since('livekit', !liveKit.isDown),
                ...(liveKit.isDown
                  ? { detail: 'LiveKit does not answer; pictures come by other ways.' }
                  : {}),
              },
            ]),
        ...systems.map(({ id, is_up, since: from, attempted_at }): Part => ({
          part: `vms:${id}`,
          isUp: is_up,
          since: from,
          ...(is_up
            ? {}
            : {
                detail:
                  attempted_at === null
                    ? 'The recorder has not been read yet.'
                    : 'The recorder could not be read; the cameras are the last known.',
              }),
        })),
      ],
    };
  }

  return {
    readHealth: () => ({ isAlive: true }),
    async readReadiness({ setStatus }) {
      const at = performance.now();
      if (last === undefined || at - last.at > freshMs) last = { at, readiness: probe() };
      const readiness = await last.readiness;
      setStatus(readiness.isReady ? 200 : 503);
      return readiness;
    },
  };
}

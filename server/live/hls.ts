import type { CameraDirectory } from '#server/cameras/directory.ts';
import { GatewayError, type Gateway, type HlsAnswer } from '#server/gateway/gateway.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { OtherHandlers } from '#server/http/routing.ts';
import type { Db } from '#server/store/store.ts';
import type { HlsViewings } from './hls-viewings.ts';
import { pathOf, type StreamKey } from './paths.ts';
import { readId, refusalFrom, reservedStream, supplied } from './reserved.ts';
import type { Supply } from './supply.ts';

const playlist = /^(?:index|media)\.m3u8$/;
const piece = /^(?:init-\d{1,15}|seg-\d{1,15}|part-\d{1,15}-\d{1,6}(?:-[2-5])?)\.mp4$/;
/** Delivery directives (RFC 8216bis 6.2.5) and the like: the only part of a query that is passed on. */
const directives: readonly (readonly [string, RegExp])[] = [
  ['_HLS_msn', /^\d{1,15}$/],
  ['_HLS_part', /^\d{1,6}$/],
  ['_HLS_skip', /^(?:YES|v2)$/],
  // The engine's own: which stream of the path is meant, and how many parts are to be listed as one.
  ['stream', /^\d{1,15}$/],
  ['grain', /^[1-5]$/],
];

export interface HlsParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly gateway: Gateway;
  readonly supply: Supply;
  readonly viewings: HlsViewings;
}

/**
 * Low-Latency HLS on this origin. Unlike WebRTC these pictures pass through the BFF, as they come and no faster than
 * the browser takes them: that is what makes them pass any proxy, and what ends them with the right to see them.
 */
export function hlsRoutes(parts: HlsParts): Pick<OtherHandlers, 'hlsFile'> {
  const { gateway, supply, viewings } = parts;

  const fetchFile = async (
    key: StreamKey,
    file: string,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<HlsAnswer> => {
    const ask = (): Promise<HlsAnswer> => gateway.hls(pathOf(key), file, query, signal);
    if (playlist.test(file)) return await supplied(supply, key, signal, ask);
    try {
      return await ask();
    } catch (cause) {
      // A piece that has gone out of the window, or was never there.
      if (cause instanceof GatewayError && cause.code === 'not-found')
        throw new Refusal('not-found', { cause });
      throw refusalFrom(cause, signal);
    }
  };

  return {
    async hlsFile(context, principal) {
      const request = context.req.raw;
      const reservationId = readId(context.req.param('reservationId'));
      const file = context.req.param('file') ?? '';
      if (!playlist.test(file) && !piece.test(file)) throw new Refusal('not-found');
      const query = readDirectives(new URL(request.url).searchParams);
      const pass = await viewings.enter(reservationId, principal, () =>
        reservedStream(parts, reservationId, principal),
      );
      try {
        const signal = AbortSignal.any([request.signal, pass.signal]);
        const { status, headers, body } = await fetchFile(pass.key, file, query, signal);
        return new Response(status === 204 ? null : flowing(body, signal, () => pass.leave()), {
          status,
          // Numbers never come back, so nobody asks twice; and what was permitted once stays in nobody's cache.
          headers: { ...headers, 'cache-control': 'no-store' },
        });
      } catch (error) {
        pass.leave();
        if (pass.signal.aborted) throw pass.signal.reason;
        throw error;
      }
    },
  };
}

function readDirectives(asked: URLSearchParams): URLSearchParams {
  const passed = new URLSearchParams();
  for (const [name, form] of directives) {
    const value = asked.get(name);
    if (value === null) continue;
    if (!form.test(value))
      throw new Refusal('invalid-request', { issues: [{ path: name, message: 'is no delivery directive' }] });
    passed.set(name, value);
  }
  return passed;
}

/** The body as it comes, one chunk for each that is taken, until it ends or the signal does. `done` is called once. */
function flowing(
  body: HlsAnswer['body'],
  signal: AbortSignal,
  done: () => void,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) {
    done();
    return new Uint8Array(body);
  }
  const reader = body.getReader();
  const end = (): void => {
    signal.removeEventListener('abort', abort);
    done();
  };
  const abort = (): void => {
    // Whoever waits in `read` gets the end of it; the response then breaks, as it should.
    reader.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener('abort', abort, { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done: isOver, value } = await reader.read();
          if (!isOver) {
            controller.enqueue(value);
            return;
          }
          end();
          if (signal.aborted) controller.error(signal.reason);
          else controller.close();
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

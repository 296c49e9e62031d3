import { z } from 'zod';
import { GatewayError } from '#server/gateway/gateway.ts';
import { publicationName, type Publisher } from '#server/livekit/publisher.ts';
import { encodePath, engineCaller, type EngineGatewayOptions } from './engine-call.ts';

const Pushes = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      whip: z
        .object({
          name: z.string(),
          state: z.enum(['connecting', 'running', 'error']),
          code: z
            .enum([
              'camera-offline',
              'codec-unsupported',
              'target-unavailable',
              'target-refused',
              'target-missing',
            ])
            .optional(),
        })
        .optional(),
    }),
  ),
});

/** Has the embedded engine push what passes through it by WHIP. */
export function createEnginePublisher(options: EngineGatewayOptions): Publisher {
  const { call, read } = engineCaller(options);
  return {
    async publish(publication, { url, token }, signal) {
      await call(
        `/v3/config/whip/replace/${encodePath(publication.path)}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ url, token, name: publicationName(publication) }),
        },
        signal,
      );
    },
    async unpublish(path, signal) {
      try {
        await call(`/v3/config/whip/delete/${encodePath(path)}`, { method: 'DELETE' }, signal);
      } catch (error) {
        // Gone is what was wanted.
        if (!(error instanceof GatewayError && error.code === 'not-found')) throw error;
      }
    },
    async publications(signal) {
      const { items } = await read(await call('/v3/paths/list', {}, signal), Pushes, signal);
      return items.flatMap(({ name: path, whip }) =>
        whip === undefined
          ? []
          : [
              {
                path,
                name: whip.name,
                state: whip.state,
                ...(whip.code === undefined ? {} : { code: whip.code }),
              },
            ],
      );
    },
  };
}

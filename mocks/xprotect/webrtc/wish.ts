import { z } from 'zod';
import { aggregated, Refusal } from './refusal.ts';

/** Recorded time as a session plays it: fixed when it is made, nothing moves it later. */
export interface PlaybackWish {
  /** Epoch ms. */
  readonly from: number;
  /** Goes on with the next sequence at once instead of standing still in a gap. */
  readonly skipsGaps: boolean;
  /** Above 0, at most 32. */
  readonly speed: number;
}

/** What a session is asked for. */
export interface SessionWish {
  /** In lower case. */
  readonly deviceId: string;
  /** In capitals; absent: the default stream. */
  readonly streamId: string | undefined;
  /** Absent: live. */
  readonly playback: PlaybackWish | undefined;
}

/** How a session's camera is called: `deviceId` since 2025 R2, `cameraId` before. */
export type DeviceField = 'device-id' | 'camera-id';

const Flag = z
  .union([z.boolean(), z.stringbool()])
  .nullish()
  .transform((value) => value ?? false);
const Speed = z.coerce
  .number()
  .gt(0)
  .max(32)
  .nullish()
  .transform((value) => value ?? 1);
const Moment = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number());
const Id = z.guid();

const RestWish = z.object({
  deviceid: Id.nullish(),
  cameraid: Id.nullish(),
  streamid: z.string().nullish(),
  playbacktimenode: z
    .preprocess(
      (node) => (isObject(node) ? lowerKeys(node) : node),
      z.object({ playbacktime: Moment, skipgaps: Flag, speed: Speed }),
    )
    .nullish(),
});

const SocketWish = z.object({
  peer: Id,
  streamid: z.string().nullish(),
  playbacktime: Moment.nullish(),
  skipgaps: Flag,
  playbackspeed: Speed,
});

/** The body of `POST …/webRTC/session`. Throws a {@link Refusal}. */
export function readRestWish(body: unknown, field: DeviceField): SessionWish {
  const { deviceid, cameraid, streamid, playbacktimenode } = read(RestWish, body);
  // Whether either generation takes the other's name is not on record; a client that sends both is right with both.
  const id = field === 'device-id' ? deviceid : cameraid;
  if (id === undefined || id === null)
    throw new Refusal(400, aggregated(`${field === 'device-id' ? 'deviceId' : 'cameraId'} is missing`));
  return {
    deviceId: id.toLowerCase(),
    streamId: streamOf(streamid),
    playback:
      playbacktimenode === undefined || playbacktimenode === null
        ? undefined
        : {
            from: playbacktimenode.playbacktime,
            skipsGaps: playbacktimenode.skipgaps,
            speed: playbacktimenode.speed,
          },
  };
}

/** The parameters of the WebSocket's `connect`, in whatever case: the official client mixes it. Throws a {@link Refusal}. */
export function readSocketWish(params: unknown): SessionWish {
  const { peer, streamid, playbacktime, skipgaps, playbackspeed } = read(SocketWish, params);
  return {
    deviceId: peer.toLowerCase(),
    streamId: streamOf(streamid),
    playback:
      playbacktime === undefined || playbacktime === null
        ? undefined
        : { from: playbacktime, skipsGaps: skipgaps, speed: playbackspeed },
  };
}

const streamOf = (text: string | null | undefined): string | undefined =>
  text === undefined || text === null || text === '' ? undefined : text.toUpperCase();

function read<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const found = schema.safeParse(isObject(value) ? lowerKeys(value) : value);
  if (found.success) return found.data;
  throw new Refusal(400, aggregated(`${found.error.issues[0]?.path.join('.') ?? ''} is not valid`));
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** .NET reads the names of fields in any case. */
export const lowerKeys = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value as unknown]));

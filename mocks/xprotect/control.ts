import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { z } from 'zod';
import { surfaces } from './faults.ts';
import { answer, credentialsOf, readBody } from './http-answer.ts';
import { isSame } from './tokens.ts';
import type { DemoXProtect } from './xprotect.ts';

const CameraChange = z.strictObject({
  state: z.enum(['online', 'offline', 'silent', 'frozen']).optional(),
  codec: z.enum(['H.264', 'H.265', 'MJPEG']).optional(),
  isMasked: z.boolean().optional(),
});
const RecorderChange = z.strictObject({ state: z.enum(['online', 'offline', 'hung', 'failed-over']) });
const SurfaceChange = z.strictObject({
  latencyMs: z.int().min(0).max(600_000).optional(),
  failWith: z.literal([400, 403, 500, 502, 503]).optional(),
});
const FeatureChange = z.strictObject({
  getSequences: z.boolean().optional(),
  taskAnswers: z.enum(['at-once', 'created', 'polled']).optional(),
  videoBlocks: z.boolean().optional(),
  edition: z.enum(['corporate', 'expert']).optional(),
  bookmarks: z.boolean().optional(),
  events: z.boolean().optional(),
  webRtc: z.enum(['device-id', 'camera-id', 'none']).optional(),
  webRtcSocket: z.boolean().optional(),
  candidates: z.enum(['in-offer', 'polled']).optional(),
  overlappingSessions: z.enum(['refused-at-times', 'taken']).optional(),
  recordsSubStream: z.boolean().optional(),
  timeline: z.enum(['lowest-first', 'highest-first', 'none']).optional(),
  changesLocks: z.boolean().optional(),
  jpegForm: z.enum(['plain', 'mislabelled', 'wrapped']).optional(),
  stills: z.boolean().optional(),
});
const Inventory = z.strictObject({ latencyMs: z.int().min(0).max(600_000) });

/** A running control endpoint. */
export interface Control {
  /** `http://127.0.0.1:port/control`. */
  readonly url: string;
  close(): void;
}

type Act = (
  xprotect: Pick<DemoXProtect, 'faults' | 'features' | 'makes'>,
  name: string,
  body: unknown,
) => void;

/**
 * What can be switched from outside the process, each by `POST` with a JSON body:
 *
 * - `/control/cameras/<number>` any of `{ "state": "online" | "offline" | "silent" | "frozen", "codec": "H.264" | "H.265"
 *   | "MJPEG", "isMasked" }`
 * - `/control/recorders/<1…6>` `{ "state": "online" | "offline" | "hung" | "failed-over" }`
 * - `/control/surfaces/<idp|rest|soap|bookmarks|evidence-locks|events|webrtc|recorder-command|image-server>`
 *   `{ "latencyMs"?, "failWith"?: 400 | 403 | 500 | 502 | 503 }`, `{}` mends it
 * - `/control/features` any of `{ "getSequences", "taskAnswers": "at-once" | "created" | "polled", "videoBlocks", "edition": "corporate" | "expert", "bookmarks",
 *   "events", "recordsSubStream", "timeline": "lowest-first" | "highest-first" | "none", "changesLocks",
 *   "jpegForm": "plain" | "mislabelled" | "wrapped", "stills", "webRtc": "device-id" | "camera-id" | "none", "webRtcSocket",
 *   "candidates": "in-offer" | "polled", "overlappingSessions": "refused-at-times" | "taken" }`
 * - `/control/inventory` `{ "latencyMs" }`: how long each list of cameras or hardware takes
 * - `/control/connections/kill`, `/control/tokens/expire`, `/control/gateway/recycle`, `/control/reset`: no body
 *
 * `GET /control` tells what is set and how many live connections stand.
 */
const acts: Readonly<Record<string, Act>> = {
  cameras: ({ faults, makes }, name, body) => {
    const number = z.coerce.number().int().min(1).parse(name);
    const { state, codec, isMasked } = CameraChange.parse(body);
    if (codec !== undefined || isMasked !== undefined)
      makes.change(number, {
        ...(codec === undefined ? {} : { codec }),
        ...(isMasked === undefined ? {} : { isMasked }),
      });
    if (state !== undefined) faults.setCamera(number, state);
  },
  recorders: ({ faults }, name, body) =>
    faults.setRecorder(z.coerce.number().int().min(1).max(6).parse(name), RecorderChange.parse(body).state),
  surfaces: ({ faults }, name, body) => {
    const { latencyMs, failWith } = SurfaceChange.parse(body);
    faults.setSurface(z.enum(surfaces).parse(name), {
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(failWith === undefined ? {} : { failWith }),
    });
  },
  inventory: ({ faults }, _name, body) => {
    faults.inventoryLatencyMs = Inventory.parse(body).latencyMs;
  },
  connections: ({ faults }, name) => {
    z.literal('kill').parse(name);
    faults.killConnections();
  },
  gateway: ({ faults }, name) => {
    z.literal('recycle').parse(name);
    faults.recycle();
  },
  tokens: ({ faults }, name) => {
    z.literal('expire').parse(name);
    faults.expireTokens();
  },
  features: ({ features }, _name, body) => {
    const given = Object.entries(FeatureChange.parse(body)).filter(([, value]) => value !== undefined);
    features.change(Object.fromEntries(given));
  },
  reset: ({ faults, features, makes }) => {
    faults.reset();
    features.reset();
    makes.reset();
  },
};

/** Starts the control endpoint on a free loopback port. Every call needs `Authorization: Bearer <secret>`. */
export async function startControl(xprotect: DemoXProtect, secret: string): Promise<Control> {
  const server: Server = createServer((request, response) => {
    void decide(request, xprotect, secret).then(({ status, body }) =>
      answer(response, status, 'application/json', JSON.stringify(body)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/control`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function decide(
  request: IncomingMessage,
  xprotect: DemoXProtect,
  secret: string,
): Promise<{ status: number; body: object }> {
  if (secret === '' || !isSame(credentialsOf(request, 'Bearer') ?? '', secret))
    return { status: 401, body: { error: 'The secret is missing or wrong' } };
  const [root, what, name = ''] = new URL(request.url ?? '/', 'http://control').pathname
    .split('/')
    .filter(Boolean);
  const state = () => ({
    faults: xprotect.faults,
    features: xprotect.features,
    makes: xprotect.makes,
    connections: xprotect.connectionCount,
  });
  if (root === 'control' && what === undefined && request.method === 'GET')
    return { status: 200, body: state() };
  const act = root === 'control' && what !== undefined && request.method === 'POST' ? acts[what] : undefined;
  if (act === undefined) return { status: 404, body: { error: 'There is no such switch' } };
  try {
    const text = (await readBody(request)) ?? '';
    act(xprotect, name, text === '' ? {} : JSON.parse(text));
    return { status: 200, body: state() };
  } catch (error) {
    return {
      status: 400,
      body: { error: error instanceof z.ZodError ? z.prettifyError(error) : 'The body is not JSON' },
    };
  }
}

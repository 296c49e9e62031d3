/** What a camera answers: one function from request to answer, with the sessions as its memory. RFC 2326 §10. */
import type { Socket } from 'node:net';
import type { Doorkeeper } from './auth.ts';
import type { Camera } from './camera.ts';
import { describe, streamAddress, type StreamAddress } from './describe.ts';
import type { RtspAnswer, RtspRequest } from './message.ts';
import { interleaved, type DatagramPair } from './outlet.ts';
import { Session, type ReturnPath } from './session.ts';
import type { Sending } from './stream.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { chooseTransport, type TransportKind, type TransportWish } from './transport.ts';

/** Everything the connections of one server share. */
export interface House {
  readonly cameras: ReadonlyMap<number, Camera>;
  readonly sessions: Map<string, Session>;
  readonly wheel: TimerWheel;
  readonly sending: Sending;
  readonly doorkeeper: Doorkeeper;
  readonly transports: readonly TransportKind[];
  readonly datagrams: DatagramPair | undefined;
  readonly sessionTimeoutMs: number;
}

const methods = [
  'OPTIONS',
  'DESCRIBE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
];
const foreignMethods = ['ANNOUNCE', 'RECORD', 'REDIRECT'];
const refusal = (status: RtspAnswer['status']): RtspAnswer => ({ status });

/** The answer to `request`, which came in over `socket`. Changes sessions accordingly. */
export function answer(request: RtspRequest, socket: Socket, house: House): RtspAnswer {
  if (request.version !== 'RTSP/1.0') return refusal(505);
  if (!/^\d{1,10}$/.test(request.headers.get('cseq') ?? '')) return refusal(400);
  if (foreignMethods.includes(request.method)) return { status: 405, headers: { Allow: methods.join(', ') } };
  if (!methods.includes(request.method)) return { status: 501, headers: { Public: methods.join(', ') } };

  const url = request.uri === '*' ? undefined : parseUrl(request.uri);
  if (url === undefined && (request.uri !== '*' || request.method !== 'OPTIONS')) return refusal(400);
  const required = request.headers.get('require');
  if (required !== undefined) return { status: 551, headers: { Unsupported: required } };

  const session = sessionOf(request, house);
  if (session === 'unknown') return refusal(454);
  if (request.method === 'OPTIONS') {
    session?.sign();
    return { status: 200, headers: { Public: methods.join(', ') } };
  }
  const verdict = house.doorkeeper(request.method, request.uri, request.headers.get('authorization'));
  if (!verdict.isWelcome) return { status: 401, headers: { 'WWW-Authenticate': verdict.challenges } };

  const address = url && streamAddress(url);
  const camera = address && house.cameras.get(address.number);
  if (address === undefined || camera === undefined) return refusal(404);
  session?.sign();
  switch (request.method) {
    case 'DESCRIBE':
      return description(request, address, camera);
    case 'SETUP':
      return setup(request, address, camera, session, socket, house);
    case 'GET_PARAMETER':
    case 'SET_PARAMETER':
      // Empty, it keeps the session alive (§10.8). There is no parameter to get or set.
      return request.body.length > 0 ? refusal(451) : { status: 200, headers: sessionHeader(session, house) };
  }
  if (session?.camera !== camera || session.format !== address.format) return refusal(454);
  const headers = sessionHeader(session, house);
  switch (request.method) {
    case 'PLAY': {
      const range = request.headers.get('range');
      // A live camera has no past; `npt` counts from whenever it starts.
      if (range !== undefined && !/^npt\s*=/i.test(range)) return refusal(457);
      const { sequence, timestamp } = session.stream.play();
      const info = `url=${request.uri.replace(/\/?$/, '')};seq=${String(sequence)};rtptime=${String(timestamp)}`;
      return { status: 200, headers: { ...headers, Range: 'npt=now-', 'RTP-Info': info } };
    }
    case 'PAUSE':
      session.stream.pause();
      return { status: 200, headers };
    default:
      endSession(session, house);
      return { status: 200 };
  }
}

/** Stops a session's packets and forgets it. With `says` its client is told in RTCP. */
export function endSession(session: Session, house: House, says?: 'goodbye'): void {
  session.stream.end(says);
  house.sessions.delete(session.id);
}

function parseUrl(uri: string): URL | undefined {
  const url = URL.parse(uri);
  return url?.protocol === 'rtsp:' && url.host !== '' ? url : undefined;
}

function sessionOf(request: RtspRequest, house: House): Session | 'unknown' | undefined {
  const id = request.headers.get('session')?.split(';')[0]?.trim();
  return id === undefined ? undefined : (house.sessions.get(id) ?? 'unknown');
}

function sessionHeader(session: Session | undefined, house: House): Record<string, string> {
  if (session === undefined) return {};
  return {
    Session: `${session.id};timeout=${String(Math.max(1, Math.round(house.sessionTimeoutMs / 1000)))}`,
  };
}

function description(request: RtspRequest, address: StreamAddress, camera: Camera): RtspAnswer {
  const accepted = request.headers.get('accept') ?? 'application/sdp';
  if (!/application\/(sdp|\*)|\*\/\*/i.test(accepted)) return refusal(406);
  if (camera.faults.refuse === true) return refusal(503);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/sdp', 'Content-Base': `${address.base}/` },
    body: describe(camera.subject, camera.encoding(address.format), camera.parameterSets(address.format)),
  };
}

function setup(
  request: RtspRequest,
  address: StreamAddress,
  camera: Camera,
  known: Session | undefined,
  socket: Socket,
  house: House,
): RtspAnswer {
  // The stream's own URL stands for all its tracks: only a track can be set up (§11.3.10).
  if (!address.isTrack) return refusal(459);
  if (camera.faults.refuse === true) return refusal(503);
  if (known !== undefined) {
    const isSameStream = known.camera === camera && known.format === address.format;
    // §10.4: neither bundling of streams nor a change of transport while playing.
    if (!isSameStream) return refusal(459);
    if (known.stream.isPlaying) return refusal(455);
  }
  const wish = chooseTransport(request.headers.get('transport'), house.transports);
  const returnPath = wish && returnPathFor(wish, socket, house);
  if (returnPath === undefined) return refusal(461);
  const outlet =
    returnPath.kind === 'tcp'
      ? interleaved(socket, returnPath.channels)
      : house.datagrams?.outlet(returnPath.address, returnPath.ports);
  if (outlet === undefined) return refusal(461);

  if (known !== undefined) endSession(known, house);
  const session = new Session(
    camera,
    address.format,
    outlet,
    returnPath,
    house.wheel,
    house.sending,
    known?.id,
  );
  house.sessions.set(session.id, session);
  const ssrc = session.stream.ssrc.toString(16).padStart(8, '0').toUpperCase();
  const pair = ([first, second]: readonly [number, number]) => `${String(first)}-${String(second)}`;
  const transport =
    returnPath.kind === 'tcp'
      ? `RTP/AVP/TCP;unicast;interleaved=${pair(returnPath.channels)};ssrc=${ssrc};mode="PLAY"`
      : `RTP/AVP;unicast;client_port=${pair(returnPath.ports)};server_port=${pair(house.datagrams?.ports ?? [0, 0])};ssrc=${ssrc};mode="PLAY"`;
  return { status: 200, headers: { ...sessionHeader(session, house), Transport: transport } };
}

function returnPathFor(wish: TransportWish, socket: Socket, house: House): ReturnPath | undefined {
  if (wish.kind === 'udp') {
    const address = socket.remoteAddress;
    return address === undefined ? undefined : { kind: 'udp', address, ports: wish.ports };
  }
  const taken = new Set(
    [...house.sessions.values()].flatMap(({ returnPath }) =>
      returnPath.kind === 'tcp' && returnPath.socket === socket ? [...returnPath.channels] : [],
    ),
  );
  const isFree = (channels: readonly [number, number]) => channels.every((channel) => !taken.has(channel));
  if (wish.channels !== undefined && isFree(wish.channels))
    return { kind: 'tcp', socket, channels: wish.channels };
  for (let first = 0; first < 255; first += 2) {
    const channels = [first, first + 1] as const;
    if (isFree(channels)) return { kind: 'tcp', socket, channels };
  }
  return undefined;
}

import { z } from 'zod';
import type { Features } from '../features.ts';
import type { RestAnswer } from '../config-rest.ts';
import { netJson } from './net-json.ts';
import { aggregated, Refusal } from './refusal.ts';
import type { Session, WebRtcSessions } from './sessions.ts';
import { readRestWish } from './wish.ts';

export interface WebRtcCall {
  readonly method: string;
  /** Below `/api/rest/v1/webrtc/`, in lower case. */
  readonly path: string;
  readonly body: string;
  /** The one it was made with. */
  readonly token: string;
}

const Change = z.object({ answerSDP: z.string().optional(), token: z.string().optional() });
const Description = z.object({ type: z.literal('answer'), sdp: z.string() });
const Candidates = z.object({ candidates: z.array(z.string()) });
const CandidateInit = z.object({ candidate: z.string(), sdpMid: z.string().nullish() });

/** WebRTC signalling over REST. What it is answered with holds JSON in JSON, and `null` where there is nothing to say. */
export async function answerWebRtc(
  sessions: WebRtcSessions,
  features: Features,
  { method, path, body, token }: WebRtcCall,
  isAlive: (token: string) => boolean,
): Promise<RestAnswer> {
  const [root, id] = path.split('/').filter(Boolean);
  try {
    if (root === 'session' && id === undefined && method === 'POST') {
      const wish = readRestWish(parse(body), fieldOf(features));
      return said(sessionObject(await sessions.create(wish, token), features));
    }
    if (root === 'session' && id !== undefined && (method === 'PATCH' || method === 'PUT'))
      return said(change(found(sessions, id), features, body, isAlive));
    if (root === 'icecandidates' && id !== undefined && (method === 'GET' || method === 'POST')) {
      const session = found(sessions, id);
      if (method === 'POST') readCandidates(body);
      const candidates = session.candidates.map((candidate) => netJson(candidate));
      return said({ sessionId: session.id, candidates });
    }
    // There is no way to say good-bye: DELETE gets the same as any other that is not foreseen.
    const isKnown = root === 'session' || root === 'icecandidates';
    return { status: isKnown ? 405 : 404, body: '' };
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: error.message };
    throw error;
  }
}

const said = (object: object): RestAnswer => ({ status: 200, body: netJson(object) });

const fieldOf = ({ now }: Features) => (now.webRtc === 'camera-id' ? 'camera-id' : 'device-id');

function change(
  session: Session,
  features: Features,
  body: string,
  isAlive: (token: string) => boolean,
): object {
  const given = read(Change, parse(body));
  if (given.token !== undefined) {
    if (!isAlive(given.token)) throw new Refusal(401, aggregated('The token is not valid'));
    session.renew(given.token);
  }
  if (given.answerSDP === undefined) return sessionObject(session, features);
  session.answer(read(Description, parse(given.answerSDP)).sdp);
  return { ...sessionObject(session, features), answerSDP: given.answerSDP };
}

/** They have to be right, and are not needed: the client is on this machine, and calls. */
function readCandidates(body: string): void {
  for (const text of read(Candidates, parse(body)).candidates) read(CandidateInit, parse(text));
}

function found(sessions: WebRtcSessions, id: string): Session {
  const session = sessions.find(id);
  if (session === undefined) throw new Refusal(404, aggregated('The session was not found'));
  return session;
}

/** A session in the shape and with the nulls of a real answer. Before 2025 R2 there was neither `deviceId` nor audio. */
function sessionObject({ id, offer }: Session, features: Features): object {
  const isNew = fieldOf(features) === 'device-id';
  return {
    sessionId: id,
    cameraId: null,
    ...(isNew ? { deviceId: null } : {}),
    token: null,
    resolution: null,
    offerSDP: netJson({ type: 'offer', sdp: offer }),
    answerSDP: 'Uninitialised',
    streamId: null,
    playbackTimeNode: { playbackTime: null, skipGaps: null, speed: null },
    iceServers: [],
    ...(isNew ? { includeAudio: true } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, aggregated('The JSON value could not be converted'));
  }
}

function read<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Refusal(400, aggregated(`${read.error.issues[0]?.path.join('.') ?? ''} is not valid`));
}

import { z } from 'zod';
import type { Features } from '../features.ts';
import { netJson } from './net-json.ts';
import { Refusal } from './refusal.ts';
import type { WebRtcSessions } from './sessions.ts';
import { lowerKeys, readSocketWish } from './wish.ts';

const Message = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.object({ answer: z.string() }).partial().optional(),
});
const Description = z.object({ type: z.literal('answer'), sdp: z.string() });
const CandidateInit = z.object({ candidate: z.string(), sdpMid: z.string().nullish() });

/**
 * One conversation on the signalling WebSocket (JSON-RPC 2.0): `register`, then `connect` for each session; the gateway
 * comes back with `invite`, whose result is the answer, and `trickle` goes both ways. A method without an id is an error.
 * That one socket may carry several sessions, and what `register` is answered with, are our guesses.
 */
export class SignallingConversation {
  readonly #sessions: WebRtcSessions;
  readonly #features: Features;
  readonly #isAlive: (token: string) => boolean;
  readonly #say: (text: string) => void;
  /** Sessions invited to, by the id of the invitation. */
  readonly #invited = new Map<number, string>();
  #isRegistered = false;
  #invitations = 0;

  constructor(
    sessions: WebRtcSessions,
    features: Features,
    isAlive: (token: string) => boolean,
    say: (text: string) => void,
  ) {
    this.#sessions = sessions;
    this.#features = features;
    this.#isAlive = isAlive;
    this.#say = say;
  }

  async hear(text: string): Promise<void> {
    try {
      const message = Message.parse(JSON.parse(text));
      if (message.method === undefined) this.#takeAnswer(message.id, message.result?.answer ?? '');
      else await this.#do(message.method.toLowerCase(), message.id, lowerKeys(message.params ?? {}));
    } catch (error) {
      const words = error instanceof Refusal ? error.message : 'The message could not be read';
      this.#tell({ method: 'error', params: { message: words } });
    }
  }

  async #do(method: string, id: number | string | undefined, params: Record<string, unknown>): Promise<void> {
    const token = typeof params['authorization'] === 'string' ? params['authorization'] : '';
    if (method === 'trickle') {
      this.#readCandidate(params);
      return;
    }
    if (!this.#isAlive(token)) throw new Refusal(401, 'Unauthorized');
    if (method === 'register') {
      this.#isRegistered = true;
      this.#tell({ id, result: {} });
      return;
    }
    if (method !== 'connect') throw new Refusal(400, `Unknown method ${method}`);
    if (!this.#isRegistered) throw new Refusal(401, 'Not registered');
    const session = await this.#sessions.create(readSocketWish(params), token);
    this.#tell({ id, result: { session: session.id, iceServers: [] } });
    const invitation = ++this.#invitations;
    this.#invited.set(invitation, session.id);
    const offer = netJson({ type: 'offer', sdp: session.offer });
    this.#tell({ id: invitation, method: 'invite', params: { session: session.id, offer } });
    // An object here, a text the other way: so the official client has it.
    for (const candidate of session.candidates)
      this.#tell({ method: 'trickle', params: { session: session.id, candidate } });
  }

  #takeAnswer(id: number | string | undefined, answer: string): void {
    const sessionId = this.#invited.get(Number(id));
    const session = sessionId === undefined ? undefined : this.#sessions.find(sessionId);
    if (session === undefined) throw new Refusal(404, 'Unknown session');
    this.#invited.delete(Number(id));
    session.answer(Description.parse(JSON.parse(answer)).sdp);
  }

  #readCandidate(params: Record<string, unknown>): void {
    const session =
      typeof params['session'] === 'string' ? this.#sessions.find(params['session']) : undefined;
    if (session === undefined) throw new Refusal(404, 'Unknown session');
    const given = params['candidate'];
    CandidateInit.parse(typeof given === 'string' ? JSON.parse(given) : given);
  }

  /** `jsonrpc` since 2025 R2, `ApiVersion` before. */
  #tell(message: object): void {
    const version = this.#features.now.webRtc === 'camera-id' ? { ApiVersion: '1.0' } : { jsonrpc: '2.0' };
    this.#say(netJson({ ...version, ...message }));
  }
}

import { z } from 'zod';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from '../abortable.ts';
import type { OpenSocket } from './web-socket.ts';

/** Event types of cameras that change what is recorded, with the ids every system has. */
export const recordingEventTypes = [
  // Recording started, stopped; motion started, stopped.
  '4577f552-765a-438c-bc7d-e5ff1f754bc3',
  '79a94f89-92de-4fca-8a43-5561d407423d',
  '6eb95dd6-7ccc-4bce-99f8-af0d0b582d77',
  '6f55a7a7-d21c-4629-ac18-af1975e395a2',
] as const;

const answerMs = 20_000;

const EventEntry = z.object({ id: z.string(), source: z.string(), type: z.string() });
const Message = z.object({
  commandId: z.number().optional(),
  status: z.number().optional(),
  events: z.array(z.unknown()).optional(),
});
const Session = z.object({ sessionId: z.string().min(1) });

export interface VmsEvent {
  readonly id: string;
  /** Lower-case id of the camera it is about. */
  readonly cameraId: string;
}

/** Commands and events over one connection of the events WebSocket. */
export class EventTalk {
  readonly #socket: () => OpenSocket;
  readonly #onEvent: (event: VmsEvent) => void;
  readonly #asked = new Map<number, (message: unknown) => void>();
  #lastId = 0;

  constructor(socket: () => OpenSocket, onEvent: (event: VmsEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
  }

  /** Takes a message that came. What cannot be read is passed over. */
  hear(text: string): void {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return;
    }
    const message = Message.safeParse(given).data;
    if (message?.commandId !== undefined) this.#asked.get(message.commandId)?.(given);
    for (const entry of message?.events ?? []) {
      const event = EventEntry.safeParse(entry).data;
      const [resource, id] = (event?.source ?? '').toLowerCase().split('/');
      if (event !== undefined && resource === 'cameras' && id !== undefined)
        this.#onEvent({ id: event.id, cameraId: id });
    }
  }

  /** Takes the session up again, or starts one. Throws {@link VmsError}. */
  async startSession(
    { sessionId, eventId }: { readonly sessionId: string; readonly eventId: string },
    signal: AbortSignal,
  ): Promise<{ sessionId: string; isResumed: boolean }> {
    const answer = await this.#ask('startSession', { sessionId, eventId }, signal);
    const session = Session.safeParse(answer.given).data;
    if (session === undefined)
      throw new VmsError('unexpected-answer', 'XProtect starts sessions for events without an id');
    // Some say 200 to everybody: a session is the old one when it has its name.
    const isResumed = answer.status === 200 && session.sessionId === sessionId;
    return { sessionId: session.sessionId, isResumed };
  }

  /** Asks for whatever changes what is recorded of any camera. Throws {@link VmsError}. */
  async subscribe(signal: AbortSignal): Promise<void> {
    const filter = {
      modifier: 'include',
      resourceTypes: ['cameras'],
      sourceIds: ['*'],
      eventTypes: recordingEventTypes,
    };
    await this.#ask('addSubscription', { filters: [filter] }, signal);
  }

  async #ask(
    command: string,
    rest: object,
    caller: AbortSignal,
  ): Promise<{ status: number; given: unknown }> {
    const late = AbortSignal.timeout(answerMs);
    const signal = AbortSignal.any([caller, late]);
    const commandId = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#asked.set(commandId, resolve);
    try {
      this.#socket().send(JSON.stringify({ command, commandId, ...rest }));
      const gone = this.#socket().ended.then(() => {
        throw new VmsError('unavailable', 'XProtect hung up while it was asked for events');
      });
      const given = await abortable(Promise.race([promise, gone]), signal);
      const status = Message.safeParse(given).data?.status ?? 0;
      if (status >= 200 && status < 300) return { status, given };
      if (status === 401 || status === 403)
        throw new VmsError('refused', 'XProtect does not let this user hear of events');
      throw new VmsError('unexpected-answer', `XProtect refuses ${command} (status ${status})`);
    } catch (error) {
      caller.throwIfAborted();
      if (late.aborted) throw new VmsError('unavailable', 'XProtect did not answer about events in time');
      throw error;
    } finally {
      this.#asked.delete(commandId);
    }
  }
}
